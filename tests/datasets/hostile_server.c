#include "tests/datasets/hostile_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/support.h"

#define MOST_HEAD 8192

bool ftdn_server_send(int connection, const void *bytes, size_t n_bytes)
{
    const char *at = bytes;
    while (n_bytes > 0) {
        ssize_t n_sent = send(connection, at, n_bytes, MSG_NOSIGNAL);
        if (n_sent < 0 && errno == EINTR) continue;
        if (n_sent < 0) return false;
        at += n_sent;
        n_bytes -= (size_t)n_sent;
    }
    return true;
}

bool ftdn_server_say(int connection, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    int n_chars = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return n_chars >= 0 && (size_t)n_chars < sizeof text && ftdn_server_send(connection, text, (size_t)n_chars);
}

long ftdn_server_range(const char *request)
{
    const char *line = strstr(request, "\r\nRange: bytes=");
    return line ? strtol(line + strlen("\r\nRange: bytes="), NULL, 10) : -1;
}

bool ftdn_server_has_line(const char *request, const char *line)
{
    const char *at = strstr(request, line);
    return at && at > request && at[-1] == '\n' && at[strlen(line)] == '\r';
}

void ftdn_server_send_file(const ftdn_server *server, int connection, const char *request, size_t n_most)
{
    char condition[300];
    long first = ftdn_server_range(request);
    snprintf(condition, sizeof condition, "If-Range: %s", server->etag ? server->etag : "-");
    bool is_range = first >= 0 && (size_t)first < server->n_body && ftdn_server_has_line(request, condition);
    size_t from = is_range ? (size_t)first : 0, n_bytes = server->n_body - from;
    if (is_range)
        ftdn_server_say(connection, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %zu-%zu/%zu\r\n", from,
                        server->n_body - 1, server->n_body);
    else ftdn_server_say(connection, "HTTP/1.1 200 OK\r\n");
    if (server->etag) ftdn_server_say(connection, "ETag: %s\r\n", server->etag);
    ftdn_server_say(connection, "Content-Length: %zu\r\nConnection: close\r\n\r\n", n_bytes);
    ftdn_server_send(connection, server->body + from, n_bytes < n_most ? n_bytes : n_most);
}

bool ftdn_server_sleep(const ftdn_server *server, long milliseconds)
{
    for (; milliseconds > 0 && !server->is_over; milliseconds -= 5)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    return !server->is_over;
}

/* The head of a request, into text; false where the other side goes before. */
static bool read_head(const ftdn_server *server, int connection, char text[MOST_HEAD])
{
    size_t n_chars = 0;
    while (n_chars < MOST_HEAD - 1 && !server->is_over) {
        struct pollfd wait = {.fd = connection, .events = POLLIN};
        if (poll(&wait, 1, 100) == 0) continue;
        ssize_t n_read = recv(connection, text + n_chars, MOST_HEAD - 1 - n_chars, 0);
        if (n_read <= 0) return false;
        n_chars += (size_t)n_read;
        text[n_chars] = 0;
        if (strstr(text, "\r\n\r\n")) return true;
    }
    return false;
}

/* Close so that the other side reads all that was sent before it learns of the end. */
static void close_gently(int connection)
{
    char rest[256];
    shutdown(connection, SHUT_WR);
    struct pollfd wait = {.fd = connection, .events = POLLIN};
    while (poll(&wait, 1, 1000) == 1 && recv(connection, rest, sizeof rest, 0) > 0) {}
    close(connection);
}

static void *serve(void *user)
{
    ftdn_server *server = user;
    while (!server->is_over) {
        int connection = accept(server->listener, NULL, NULL);
        char head[MOST_HEAD];
        if (connection < 0) continue;
        if (read_head(server, connection, head) && server->n_requests < FTDN_SERVER_MOST_REQUESTS) {
            int index = server->n_requests;
            server->request[index] = strdup(head);
            server->n_requests++;
            server->answer(server, connection, head, index);
        }
        close_gently(connection);
    }
    return NULL;
}

int ftdn_server_listen(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n_address = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 16), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &n_address), 0);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

void ftdn_server_start(ftdn_server *server)
{
    server->is_over = false;
    server->n_requests = 0;
    server->listener = ftdn_server_listen(&server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

void ftdn_server_stop(ftdn_server *server)
{
    server->is_over = true;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    for (int i = 0; i < server->n_requests; i++) free(server->request[i]);
}

const char *ftdn_server_url(const ftdn_server *server, ftdn_arena *arena, const char *path)
{
    const char *url = ftdn_arena_format(arena, NULL, "http://127.0.0.1:%d%s", server->port, path);
    assert_non_null(url);
    return url;
}

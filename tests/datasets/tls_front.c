#include "tests/datasets/tls_front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tests/datasets/hostile_server.h"
#include "tests/support/support.h"

static void add_extension(X509 *x509, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(x509, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* A certificate that began to be valid a day ago. authority: whose name and key sign; NULL: its own. */
static X509 *make_certificate(EVP_PKEY *key, const char *name, const X509 *authority, EVP_PKEY *authority_key,
                              long valid_s)
{
    X509 *x509 = X509_new();
    assert_non_null(x509);
    X509_NAME *subject = X509_get_subject_name(x509);
    assert_int_equal(X509_set_version(x509, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x509), authority ? 2 : 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x509), -86400));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x509), valid_s));
    assert_int_equal(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(x509, authority ? X509_get_subject_name(authority) : subject), 1);
    assert_int_equal(X509_set_pubkey(x509, key), 1);
    if (authority) {
        char alternative[100];
        snprintf(alternative, sizeof alternative, "IP:%s", name);
        add_extension(x509, NID_subject_alt_name, alternative);
    } else add_extension(x509, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(x509, authority_key, EVP_sha256()) > 0);
    return x509;
}

static void write_certificate(const char *path, X509 *x509)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, x509), 1);
    assert_int_equal(fclose(file), 0);
}

static SSL_CTX *make_context(const char *authority_path, const ftdn_tls_certificate *certificate)
{
    const long day_s = 86400;
    EVP_PKEY *authority_key = EVP_EC_gen("P-256"), *other_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
    assert_true(authority_key && other_key && key);
    X509 *authority = make_certificate(authority_key, "authority", NULL, authority_key, day_s);
    X509 *other = make_certificate(other_key, "another authority", NULL, other_key, day_s);
    bool by_other = certificate->is_signed_by_other;
    X509 *own = make_certificate(key, certificate->address, by_other ? other : authority,
                                 by_other ? other_key : authority_key, certificate->valid_s);
    write_certificate(authority_path, authority);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_non_null(context);
    assert_int_equal(SSL_CTX_use_certificate(context, own), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
    X509_free(own);
    X509_free(other);
    X509_free(authority);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    EVP_PKEY_free(authority_key);
    return context;
}

static int connect_plain(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (plain < 0 || connect(plain, (struct sockaddr *)&address, sizeof address) == 0) return plain;
    close(plain);
    return -1;
}

/* One request to the plain server, and all of its answer back. */
static void forward(SSL *ssl, int plain)
{
    char bytes[8192];
    size_t n_head = 0;
    int n_bytes;
    do {
        n_bytes = SSL_read(ssl, bytes + n_head, (int)(sizeof bytes - 1 - n_head));
        if (n_bytes <= 0) return;
        n_head += (size_t)n_bytes;
        bytes[n_head] = 0;
    } while (!strstr(bytes, "\r\n\r\n"));
    if (!ftdn_server_send(plain, bytes, n_head)) return;
    ssize_t n_read;
    while ((n_read = recv(plain, bytes, sizeof bytes, 0)) > 0) {
        if (SSL_write(ssl, bytes, (int)n_read) <= 0) return;
    }
    SSL_shutdown(ssl);
}

static void serve_connection(const ftdn_tls_front *front, int connection)
{
    SSL *ssl = SSL_new(front->context);
    if (ssl && SSL_set_fd(ssl, connection) == 1 && SSL_accept(ssl) == 1) {
        int plain = connect_plain(front->plain_port);
        if (plain >= 0) {
            forward(ssl, plain);
            close(plain);
        }
    }
    SSL_free(ssl);
}

static void *serve(void *user)
{
    const ftdn_tls_front *front = user;
    while (!front->is_over) {
        int connection = accept(front->listener, NULL, NULL);
        if (connection < 0) continue;
        serve_connection(front, connection);
        close(connection);
    }
    return NULL;
}

void ftdn_tls_front_start(ftdn_tls_front *front, const char *authority_path, const ftdn_tls_certificate *certificate,
                          int plain_port)
{
    front->context = make_context(authority_path, certificate);
    front->plain_port = plain_port;
    front->is_over = false;
    front->listener = ftdn_server_listen(&front->port);
    assert_int_equal(pthread_create(&front->thread, NULL, serve, front), 0);
}

void ftdn_tls_front_stop(ftdn_tls_front *front)
{
    front->is_over = true;
    shutdown(front->listener, SHUT_RDWR);
    pthread_join(front->thread, NULL);
    close(front->listener);
    SSL_CTX_free(front->context);
}

const char *ftdn_tls_front_url(const ftdn_tls_front *front, ftdn_arena *arena, const char *path)
{
    const char *url = ftdn_arena_format(arena, NULL, "https://127.0.0.1:%d%s", front->port, path);
    assert_non_null(url);
    return url;
}

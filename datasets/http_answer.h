/* http_answer.h - what the head of an HTTP answer says, read line by line. */
#ifndef FTDN_DATASETS_HTTP_ANSWER_H
#define FTDN_DATASETS_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ftdn_http_answer {
    int status;        /* 0: no status line yet */
    bool is_complete;  /* the empty line that ends the head has come */
    int64_t n_bytes;   /* Content-Length: of the body that follows; -1: not said */
    bool has_range;    /* a Content-Range that can be read: bytes FIRST-LAST/ALL */
    int64_t range_first, range_last;
    int64_t range_all; /* -1: "*" */
    /* "" where none is sent, where it is longer, and where it holds other than printable ASCII. */
    char etag[256]; /* a strong one: a weak one (W/...) says too little */
    char last_modified[64];
    char content_type[64];
    char location[2048];
} ftdn_http_answer;

void ftdn_http_answer_init(ftdn_http_answer *answer);

/* One line of the head, its end of line included or not, of n_chars characters. A status line forgets all that was
 * read: interim answers come before the final one. Lines that say nothing of the above are passed over. */
void ftdn_http_answer_read_line(ftdn_http_answer *answer, const char *line, size_t n_chars);

/* What a later If-Range may ask by: the strong ETag, else Last-Modified; NULL where there is neither. */
const char *ftdn_http_answer_validator(const ftdn_http_answer *answer);

/* Does it say that its body is a web page? */
bool ftdn_http_answer_is_page(const ftdn_http_answer *answer);

#endif

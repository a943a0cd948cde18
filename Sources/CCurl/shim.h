#ifndef TALLY_CCURL_SHIM_H
#define TALLY_CCURL_SHIM_H

#include <curl/curl.h>

/* curl_easy_setopt and curl_easy_getinfo take what they are told to take; Swift needs a type. */

typedef size_t (*tally_curl_write)(char *data, size_t size, size_t count, void *context);

static inline CURLcode tally_curl_set_text(CURL *easy, CURLoption option, const char *value) { return curl_easy_setopt(easy, option, value); }
static inline CURLcode tally_curl_set_number(CURL *easy, CURLoption option, long value) { return curl_easy_setopt(easy, option, value); }
static inline CURLcode tally_curl_set_pointer(CURL *easy, CURLoption option, void *value) { return curl_easy_setopt(easy, option, value); }
static inline CURLcode tally_curl_set_write(CURL *easy, tally_curl_write function) { return curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, function); }
static inline CURLcode tally_curl_get_number(CURL *easy, CURLINFO info, long *value) { return curl_easy_getinfo(easy, info, value); }

#endif

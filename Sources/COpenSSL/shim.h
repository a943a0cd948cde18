#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

// Swift does not see macros with arguments: one line for each that is needed, named after it.
#define SHIM static inline

SHIM void shim_BIO_clear_retry_flags(BIO *b) { BIO_clear_retry_flags(b); }
SHIM void shim_BIO_set_retry_read(BIO *b) { BIO_set_retry_read(b); }
SHIM long shim_SSL_CTX_set_max_proto_version(SSL_CTX *c, int v) {
    return SSL_CTX_set_max_proto_version(c, v);
}
SHIM long shim_SSL_CTX_set_min_proto_version(SSL_CTX *c, int v) {
    return SSL_CTX_set_min_proto_version(c, v);
}
SHIM long shim_SSL_CTX_set_mode(SSL_CTX *c, long m) { return SSL_CTX_set_mode(c, m); }
SHIM long shim_SSL_CTX_set_read_ahead(SSL_CTX *c, int on) { return SSL_CTX_set_read_ahead(c, on); }
SHIM long shim_SSL_CTX_set_session_cache_mode(SSL_CTX *c, long m) {
    return SSL_CTX_set_session_cache_mode(c, m);
}
SHIM long shim_SSL_set_tlsext_host_name(SSL *s, const char *n) {
    return SSL_set_tlsext_host_name(s, n);
}
SHIM uint64_t shim_SSL_OP_CIPHER_SERVER_PREFERENCE(void) { return SSL_OP_CIPHER_SERVER_PREFERENCE; }
SHIM uint64_t shim_SSL_OP_NO_COMPRESSION(void) { return SSL_OP_NO_COMPRESSION; }
SHIM uint64_t shim_SSL_OP_NO_RENEGOTIATION(void) { return SSL_OP_NO_RENEGOTIATION; }

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
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
SHIM long shim_SSL_CTX_set1_groups_list(SSL_CTX *c, const char *g) {
    return SSL_CTX_set1_groups_list(c, g);
}
SHIM long shim_SSL_CTX_set_mode(SSL_CTX *c, long m) { return SSL_CTX_set_mode(c, m); }
SHIM long shim_SSL_CTX_set_read_ahead(SSL_CTX *c, int on) { return SSL_CTX_set_read_ahead(c, on); }
SHIM long shim_SSL_CTX_set_session_cache_mode(SSL_CTX *c, long m) {
    return SSL_CTX_set_session_cache_mode(c, m);
}
SHIM int shim_sk_GENERAL_NAME_num(const GENERAL_NAMES *n) { return sk_GENERAL_NAME_num(n); }
SHIM GENERAL_NAME *shim_sk_GENERAL_NAME_value(const GENERAL_NAMES *n, int i) {
    return sk_GENERAL_NAME_value(n, i);
}
SHIM long shim_SSL_set_tlsext_host_name(SSL *s, const char *n) {
    return SSL_set_tlsext_host_name(s, n);
}
SHIM uint64_t shim_SSL_OP_CIPHER_SERVER_PREFERENCE(void) { return SSL_OP_CIPHER_SERVER_PREFERENCE; }
SHIM uint64_t shim_SSL_OP_NO_COMPRESSION(void) { return SSL_OP_NO_COMPRESSION; }
SHIM uint64_t shim_SSL_OP_PRIORITIZE_CHACHA(void) { return SSL_OP_PRIORITIZE_CHACHA; }
SHIM uint64_t shim_SSL_OP_NO_RENEGOTIATION(void) { return SSL_OP_NO_RENEGOTIATION; }

// The list of parameters is made of macros all through.
SHIM int shim_EVP_MAC_CTX_set_hmac_sha256(EVP_MAC_CTX *m, void *key, size_t length) {
    const OSSL_PARAM list[] = {OSSL_PARAM_octet_string(OSSL_MAC_PARAM_KEY, key, length),
                               OSSL_PARAM_utf8_string(OSSL_MAC_PARAM_DIGEST, "SHA256", 6),
                               OSSL_PARAM_END};
    return EVP_MAC_CTX_set_params(m, list);
}

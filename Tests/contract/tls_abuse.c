// A TLS client that no library's user is: floods the server on 127.0.0.1 until it hangs up.
//
//   tls_abuse PORT update|request|splinters|renegotiate
//
// update       TLS 1.3 KeyUpdates, one record each, and no data
// request      the same, asking for the server's own each time
// splinters    good HTTP/2 frames, one byte to a TLS record
// renegotiate  a second handshake, in TLS 1.2
//
// Prints how many messages it sent. Exit code 0: the server ended it; 1: it went on to the end.
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1000000 };

static const unsigned char opening[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
static const unsigned char window_update[] = {0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 1};

static SSL *connected(int port, int version) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    int socket_ = socket(AF_INET, SOCK_STREAM, 0);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL *ssl = SSL_new(context);
    SSL_set_alpn_protos(ssl, (const unsigned char *)"\2h2", 3);
    SSL_set_fd(ssl, socket_);
    if (connect(socket_, (struct sockaddr *)&address, sizeof address) != 0 ||
        SSL_connect(ssl) != 1 || SSL_write(ssl, opening, sizeof opening) <= 0) {
        fprintf(stderr, "cannot connect\n");
        exit(2);
    }
    return ssl;
}

static int step(SSL *ssl, const char *mode, int count) {
    if (strcmp(mode, "splinters") == 0)
        return SSL_write(ssl, window_update + count % sizeof window_update, 1) == 1;
    if (strcmp(mode, "renegotiate") == 0) return SSL_renegotiate(ssl) && SSL_do_handshake(ssl) == 1;
    int kind = strcmp(mode, "request") == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    return SSL_key_update(ssl, kind) == 1 && SSL_do_handshake(ssl) == 1;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    signal(SIGPIPE, SIG_IGN);
    const char *mode = arguments[2];
    int version = strcmp(mode, "renegotiate") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL *ssl = connected(atoi(arguments[1]), version);
    int sent = 0;
    while (sent < MOST && step(ssl, mode, sent)) sent++;
    printf("%d\n", sent);
    return sent == MOST;
}

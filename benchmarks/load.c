// The load: many dashboards in one thread, WebSocket only, that check what they receive and cost as little as they can.
//
//   load PORT PATH DIALECT PACKETS
//
// DIALECT is `socketio` (Engine.IO 4, Socket.IO 5) or `centrifugo` (JSON). PACKETS names a file of lines, each the first
// packet of one connection, such as a CONNECT with a token of its own; with more connections they begin again.
// Commands come on standard input, answers go to standard output, one a line:
//
//   open N               open more connections until there are N   ->  opened N
//   expect FIRST COUNT   await so many events on each connection   ->  expecting, then delivered FIRST_AT LAST_AT,
//                                                                      or undelivered as soon as a connection ends
//   report               tell what was seen so far                 ->  report DELIVERIES DISORDER CLOSED OTHER
//
// An event's number is the nine digits of its taskId. Each connection must receive exactly FIRST, FIRST + 1, ...; what
// comes otherwise is counted as disorder, and a number that is left out is never made up for. Times are CLOCK_MONOTONIC.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONNECTIONS = 20000, MAX_LINE = 8000, MAX_CONNECTING = 20, BUFFER = 1 << 18, DIGITS = 9, TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

typedef enum { HANDSHAKE, OPENING, READY, CLOSED } State;

typedef struct {
    int fd;
    State state;
    const char *connect;   // its first packet
    long next;             // the number that the next event must have
    unsigned char *rest;   // the beginning of a frame that has not come whole
    size_t rest_length;
} Connection;

typedef struct {
    const char *first_packet_of_server;  // answered by CONNECT; NULL: CONNECT is sent at once
    const char *connected;               // how the packet begins that accepts the connection
    const char *event;                   // how an event begins
    const char *ping, *pong;
} Dialect;

static const Dialect SOCKETIO = {"0{", "40", "42[\"execution-log\",", "2", "3"};
static const Dialect CENTRIFUGO = {NULL, "{\"id\":1,\"connect\":", "{\"push\":", "{}", "{}"};

static Connection connections[MAX_CONNECTIONS];
static const Dialect *dialect;
static const char *path;
static char *packets[MAX_CONNECTIONS];
static int packet_count, port, epoll, wanted, started, ready;
static long last_expected = -1;           // the number that ends what is awaited; -1: nothing is
static int behind;                        // connections that have not received it yet
static long deliveries, disorder, closed, other;
static double first_at, last_at;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

// Sends one frame. A client must mask its frames (RFC 6455, section 5.3); a mask of zeros leaves the payload as it is.
static void send_frame(const Connection *connection, int opcode, const void *payload, size_t length) {
    unsigned char frame[8192];
    size_t head = 0;
    if (length > sizeof frame - 8) exit(3);
    frame[head++] = (unsigned char)(0x80 | opcode);
    if (length < 126) {
        frame[head++] = (unsigned char)(0x80 | length);
    } else {
        frame[head++] = 0x80 | 126;
        frame[head++] = (unsigned char)(length >> 8);
        frame[head++] = (unsigned char)length;
    }
    memset(frame + head, 0, 4);
    memcpy(frame + head + 4, payload, length);
    size_t total = head + 4 + length;
    if (write(connection->fd, frame, total) != (ssize_t)total && errno != EPIPE && errno != ECONNRESET) fail("write");
}

static void send_text(const Connection *connection, const char *text) {
    send_frame(connection, TEXT, text, strlen(text));
}

static bool begins(const char *text, size_t length, const char *prefix) {
    size_t wanted_length = strlen(prefix);
    return length >= wanted_length && memcmp(text, prefix, wanted_length) == 0;
}

static bool is(const char *text, size_t length, const char *whole) {
    return length == strlen(whole) && memcmp(text, whole, length) == 0;
}

// Returns the number of an event, -1 if there is none.
static long event_number(const char *text, size_t length) {
    static const char key[] = "\"taskId\":\"";
    const char *found = memmem(text, length, key, sizeof key - 1);
    if (!found || found + sizeof key - 1 + DIGITS > text + length) return -1;
    long number = 0;
    for (int i = 0; i < DIGITS; i++) number = number * 10 + (found[sizeof key - 1 + (size_t)i] - '0');
    return number;
}

static void on_event(Connection *connection, long number) {
    deliveries++;
    if (first_at == 0) first_at = now();
    if (number != connection->next) disorder++;
    connection->next = number + 1;
    if (number == last_expected && --behind == 0) {
        last_at = now();
        printf("delivered %.9f %.9f\n", first_at, last_at);
        last_expected = -1;
    }
}

static void on_packet(Connection *connection, const char *text, size_t length) {
    if (begins(text, length, dialect->event)) {
        on_event(connection, event_number(text, length));
    } else if (is(text, length, dialect->ping)) {
        send_text(connection, dialect->pong);
    } else if (connection->state == OPENING && begins(text, length, dialect->connected)) {
        connection->state = READY;
        ready++;
    } else if (dialect->first_packet_of_server && begins(text, length, dialect->first_packet_of_server)) {
        send_text(connection, connection->connect);
    } else {
        other++;  // such as auth-success
    }
}

// Handles a text frame's packets. Centrifugo may put several into one frame, a line each.
static void on_text(Connection *connection, const char *text, size_t length) {
    while (dialect == &CENTRIFUGO) {
        const char *end = memchr(text, '\n', length);
        if (!end) break;
        on_packet(connection, text, (size_t)(end - text));
        length -= (size_t)(end + 1 - text);
        text = end + 1;
    }
    if (length) on_packet(connection, text, length);
}

static void on_close(Connection *connection) {
    if (connection->state == READY) ready--;
    connection->state = CLOSED;
    closed++;
    close(connection->fd);  // which takes it out of the epoll set
    if (last_expected >= 0) printf("undelivered\n");
    last_expected = -1;
}

static void start(Connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    dprintf(fd,
            "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Origin: http://127.0.0.1:%d\r\n\r\n",
            path, port, port);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    const char *packet = packets[(connection - connections) % packet_count];
    *connection = (Connection){.fd = fd, .state = HANDSHAKE, .connect = packet};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
}

// Returns what follows the answer to the HTTP request; NULL while that has not come whole.
static unsigned char *after_handshake(Connection *connection, unsigned char *data, unsigned char *end) {
    unsigned char *found = memmem(data, (size_t)(end - data), "\r\n\r\n", 4);
    if (!found) return NULL;
    if (!begins((char *)data, (size_t)(end - data), "HTTP/1.1 101")) {
        fprintf(stderr, "the server refused: %.*s\n", (int)(found - data), data);
        exit(2);
    }
    connection->state = OPENING;
    if (!dialect->first_packet_of_server) send_text(connection, connection->connect);
    return found + 4;
}

// Returns the length of a frame's head and sets that of its payload; 0 while the head has not come whole.
static size_t frame_head(const unsigned char *data, size_t available, size_t *payload) {
    if (available < 2) return 0;
    size_t length = data[1] & 127, head = length == 126 ? 4 : length == 127 ? 10 : 2;
    if (available < head) return 0;
    if (head > 2) length = 0;
    for (size_t i = 2; i < head; i++) length = length << 8 | data[i];
    *payload = length;
    return head;
}

static void keep(Connection *connection, const unsigned char *data, size_t length) {
    if (length == BUFFER) exit(4);  // a frame that no server here has reason to send
    if (length && !connection->rest && !(connection->rest = malloc(BUFFER))) fail("malloc");
    if (length) memcpy(connection->rest, data, length);
    connection->rest_length = length;
}

static void on_readable(Connection *connection) {
    static unsigned char buffer[BUFFER];
    size_t kept = connection->rest_length, payload;
    if (kept) memcpy(buffer, connection->rest, kept);
    ssize_t count = read(connection->fd, buffer + kept, sizeof buffer - kept);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
        on_close(connection);
        return;
    }
    unsigned char *data = buffer, *end = buffer + kept + count;
    if (connection->state == HANDSHAKE) {
        unsigned char *after = after_handshake(connection, data, end);
        if (after) data = after;
    }
    size_t head;
    while (connection->state != HANDSHAKE && (head = frame_head(data, (size_t)(end - data), &payload))) {
        if ((size_t)(end - data) < head + payload) break;
        int opcode = data[0] & 15;
        if (opcode == TEXT) on_text(connection, (char *)data + head, payload);
        if (opcode == PING) send_frame(connection, PONG, data + head, payload);
        if (opcode == CLOSE) {
            on_close(connection);
            return;
        }
        data += head + payload;
    }
    keep(connection, data, (size_t)(end - data));
}

static void read_packets(const char *name) {
    static char line[MAX_LINE];
    FILE *file = fopen(name, "r");
    if (!file) fail(name);
    while (packet_count < MAX_CONNECTIONS && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        packets[packet_count++] = strdup(line);
    }
    fclose(file);
    if (!packet_count) exit(66);
}

static void expect(long first, long count) {
    for (int i = 0; i < started; i++) connections[i].next = first;
    last_expected = first + count - 1;
    behind = started;
    first_at = 0;
    printf("expecting\n");
}

static void on_command(void) {
    char line[256];
    long first, count;
    ssize_t length = read(0, line, sizeof line - 1);
    if (length <= 0) exit(0);
    line[length] = 0;
    if (sscanf(line, "open %d", &wanted) == 1) {
        if (wanted > MAX_CONNECTIONS) exit(5);
    } else if (sscanf(line, "expect %ld %ld", &first, &count) == 2) {
        expect(first, count);
    } else {
        printf("report %ld %ld %ld %ld\n", deliveries, disorder, closed, other);
    }
}

int main(int argc, char **argv) {
    if (argc != 5) return 64;
    port = atoi(argv[1]);
    path = argv[2];
    dialect = strcmp(argv[3], "centrifugo") ? &SOCKETIO : &CENTRIFUGO;
    read_packets(argv[4]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    epoll = epoll_create1(0);
    struct epoll_event events[512], commands = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &commands)) fail("epoll_ctl");
    for (int told = 0;;) {
        while (started < wanted && started - ready < MAX_CONNECTING) start(&connections[started++]);
        int count = epoll_wait(epoll, events, 512, -1);
        for (int i = 0; i < count; i++) {
            Connection *connection = events[i].data.ptr;
            if (!connection) on_command();
            else if (connection->state != CLOSED) on_readable(connection);
        }
        if (told < wanted && ready == wanted) printf("opened %d\n", told = wanted);
    }
}

// The floor: one send() per delivery and next to nothing else, to tell what the kernel takes of every server's cost.
//
//   floor PORT REDIS_PORT CHANNEL
//
// Greets WebSocket clients as a Socket.IO server does, subscribes to one channel of Runcast's and sends each event on
// it to every client. Nobody is authenticated, nothing is bounded or recovered: no server, only something to compare with.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FDS = 65536, BUFFER = 1 << 18 };

static int clients[MAX_FDS], client_count, epoll;
static char packets_sent[MAX_FDS];  // of the greeting, by file descriptor
static char channel_message[256];   // how a message of the channel begins, in RESP

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct sockaddr_in loopback(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void watch(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) fail("epoll_ctl");
}

static int listening(const char *port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = loopback(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) fail("listen");
    return fd;
}

static int subscribed(const char *port, const char *channel) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(port);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect");
    dprintf(fd, "SUBSCRIBE %s\r\n", channel);
    char acknowledged[512];
    if (read(fd, acknowledged, sizeof acknowledged) <= 0) fail("subscribe");
    return fd;
}

static void send_all(int fd, const char *data, size_t length) {
    while (length) {
        ssize_t sent = send(fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN) return;
        if (sent < 0) poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
        if (sent > 0) data += sent, length -= (size_t)sent;
    }
}

static size_t frame_head(char *frame, size_t length) {
    frame[0] = (char)0x81;
    frame[1] = (char)(length < 126 ? length : 126);
    if (length < 126) return 2;
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    return 4;
}

static void send_text(int fd, const char *text) {
    char frame[256];
    size_t length = strlen(text), head = frame_head(frame, length);
    memcpy(frame + head, text, length);
    send_all(fd, frame, head + length);
}

// Sends one event, `<offset> <event> <taskId> <json>`, as `42["<event>",<json>]` to every client.
static void relay(char *message, char *end) {
    static char frame[BUFFER];
    char packet[8192];
    char *event = memchr(message, ' ', (size_t)(end - message)) + 1, *task = strchr(event, ' '), *json = strchr(task + 1, ' ') + 1;
    int length = snprintf(packet, sizeof packet, "42[\"%.*s\",%.*s]", (int)(task - event), event, (int)(end - json), json);
    size_t head = frame_head(frame, (size_t)length);
    memcpy(frame + head, packet, (size_t)length);
    for (int i = 0; i < client_count; i++) send_all(clients[i], frame, head + (size_t)length);
}

// Relays every whole message in what Redis sent and keeps the rest.
static void on_redis(int fd) {
    static char buffer[BUFFER + 1];
    static size_t kept;
    ssize_t count = read(fd, buffer + kept, BUFFER - kept);
    if (count <= 0) exit(0);
    char *data = buffer, *end = buffer + kept + count, *message;
    size_t prefix = strlen(channel_message);
    *end = 0;
    while ((size_t)(end - data) > prefix + 8 && memcmp(data, channel_message, prefix) == 0) {
        long length = strtol(data + prefix, &message, 10);
        message += 2;
        if (end - message < length + 2) break;
        relay(message, message + length);
        data = message + length + 2;
    }
    kept = (size_t)(end - data);
    memmove(buffer, data, kept);
}

static void on_close(int fd) {
    close(fd);
    for (int i = 0; i < client_count; i++)
        if (clients[i] == fd) clients[i--] = clients[--client_count];
}

// Greets: upgrade and OPEN, then CONNECT; what a client says later is not looked at.
static void on_client(int fd) {
    char said[8192];
    if (read(fd, said, sizeof said) <= 0) {
        on_close(fd);
    } else if (packets_sent[fd] == 0) {
        static const char upgrade[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        send_all(fd, upgrade, sizeof upgrade - 1);
        send_text(fd, "0{\"sid\":\"x\"}");
        packets_sent[fd] = 1;
    } else if (packets_sent[fd] == 1) {
        send_text(fd, "40{\"sid\":\"y\"}");
        packets_sent[fd] = 2;
        clients[client_count++] = fd;
    }
}

static void on_connection(int listener) {
    int fd = accept(listener, NULL, NULL), on = 1;
    if (fd < 0 || fd >= MAX_FDS) fail("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    packets_sent[fd] = 0;
    watch(fd);
}

int main(int argc, char **argv) {
    if (argc != 4) return 64;
    snprintf(channel_message, sizeof channel_message, "*3\r\n$7\r\nmessage\r\n$%zu\r\n%s\r\n$", strlen(argv[3]), argv[3]);
    epoll = epoll_create1(0);
    int redis = subscribed(argv[2], argv[3]), listener = listening(argv[1]);
    watch(redis);
    watch(listener);
    struct epoll_event events[256];
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) on_connection(fd);
            else if (fd == redis) on_redis(fd);
            else on_client(fd);
        }
    }
}

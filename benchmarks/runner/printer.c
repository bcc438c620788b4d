// What the benchmark's containers run; static, so that its image has nothing else.
//
//   printer COUNT RATE   print so many numbered lines, so many a second, or as fast as they are taken if RATE is 0
//
// A line is its number, the time of its printing in nanoseconds since 1970, and padding: 100 characters.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LENGTH = 100 };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void wait_until(int64_t nanoseconds) {
    struct timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL);
}

int main(int argc, char **argv) {
    if (argc != 3) return 64;
    long count = atol(argv[1]), rate = atol(argv[2]);
    char padding[LENGTH + 1];
    memset(padding, 'x', LENGTH);
    padding[LENGTH] = 0;
    int64_t begun = now();
    for (long number = 1; number <= count; number++) {
        if (rate) wait_until(begun + number * 1000000000LL / rate);
        char head[64];
        int length = snprintf(head, sizeof head, "%ld %lld ", number, (long long)now());
        printf("%s%s\n", head, padding + length + 1);
        if (rate) fflush(stdout);
    }
    return 0;
}

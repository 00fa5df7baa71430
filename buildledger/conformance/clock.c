/* Moves the wall clock of one program and of all that it starts, and only the wall clock:

       clock FILE PROGRAM ARGUMENT…

   adds the number of seconds that stands in FILE (8 bytes, in the machine's order) to every reading of it. It works from outside, by
   ptrace, because a statically linked program doesn't read the clock through a library that could be replaced: the kernel's
   shared page is hidden from each program, so that it has to ask by a system call, and the answer is changed. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#ifdef __x86_64__
#include <sys/reg.h>
#endif
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* <sys/ptrace.h> would say so, but it can't be had together with the kernel's own header, whose structures are needed. */
extern long ptrace(int request, ...);

enum { MOST_TASKS = 1 << 22 /* as many process ids as Linux has */, SYSCALL_STOP = SIGTRAP | 0x80 };

static volatile int64_t *offset;

/* What a task has asked the clock for: where the answer's seconds go, by process id. */
static uint64_t *asked;
enum { NOT_ASKED = 0, AS_RESULT = 1 /* they are the result of the call */ };

static void give_up(const char *what) {
    perror(what);
    exit(125);
}

static void copy_in(pid_t task, uint64_t from, void *into, size_t size) {
    struct iovec here = {into, size}, there = {(void *)from, size};
    process_vm_readv(task, &here, 1, &there, 1, 0);
}

static void copy_out(pid_t task, void *from, uint64_t into, size_t size) {
    struct iovec here = {from, size}, there = {(void *)into, size};
    process_vm_writev(task, &here, 1, &there, 1, 0);
}

/* Hides the kernel's shared page from a program that has just been loaded: its address stands above arguments and environment. */
static void hide_shared_page(pid_t task) {
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof info, &info) <= 0) give_up("clock: PTRACE_GET_SYSCALL_INFO");
    uint64_t at = info.stack_pointer, word = 0;
    copy_in(task, at, &word, sizeof word);
    at += sizeof word * (word + 2);
    do {
        copy_in(task, at, &word, sizeof word);
        at += sizeof word;
    } while (word != 0);
    for (copy_in(task, at, &word, sizeof word); word != AT_NULL; copy_in(task, at += 2 * sizeof word, &word, sizeof word)) {
        if (word == AT_SYSINFO_EHDR) {
            word = AT_IGNORE;
            copy_out(task, &word, at, sizeof word);
        }
    }
}

/* Where the call puts the seconds of the wall clock. */
static uint64_t answer_of(const struct ptrace_syscall_info *info) {
    switch (info->entry.nr) {
    case SYS_clock_gettime:
        return info->entry.args[0] == CLOCK_REALTIME || info->entry.args[0] == CLOCK_REALTIME_COARSE ? info->entry.args[1] : NOT_ASKED;
#ifdef SYS_gettimeofday
    case SYS_gettimeofday:
        return info->entry.args[0];
#endif
#ifdef __x86_64__
    case SYS_time:
        return AS_RESULT;
#endif
    default:
        return NOT_ASKED;
    }
}

static void at_system_call(pid_t task) {
    struct ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, task, sizeof info, &info) <= 0) return; /* killed meanwhile */
    if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
        asked[task] = answer_of(&info);
    } else if (info.op == PTRACE_SYSCALL_INFO_EXIT && asked[task] != NOT_ASKED && !info.exit.is_error) {
        int64_t seconds = info.exit.rval;
        if (asked[task] != AS_RESULT) copy_in(task, asked[task], &seconds, sizeof seconds);
        seconds += *offset;
        if (asked[task] != AS_RESULT) copy_out(task, &seconds, asked[task], sizeof seconds);
#ifdef __x86_64__
        else ptrace(PTRACE_POKEUSR, task, sizeof seconds * RAX, seconds);
#endif
    }
}

/* Lets a stopped task go on; what it is to be told first is the result. */
static int signal_for(pid_t task, int status) {
    int event = status >> 16, signal = WSTOPSIG(status);
    if (signal == SYSCALL_STOP) {
        at_system_call(task);
        return 0;
    }
    if (event == PTRACE_EVENT_EXEC) hide_shared_page(task);
    /* A new task begins with a stop of its own, which isn't meant for it. */
    return event != 0 ? 0 : signal;
}

int main(int count, char **arguments) {
    if (count < 3) return fprintf(stderr, "clock: FILE PROGRAM ARGUMENT…\n"), 125;
    int file = open(arguments[1], O_RDONLY | O_CLOEXEC);
    if (file < 0) give_up(arguments[1]);
    offset = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    asked = mmap(NULL, MOST_TASKS * sizeof *asked, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (offset == MAP_FAILED || asked == MAP_FAILED) give_up("clock: mmap");
    pid_t program = fork();
    if (program < 0) give_up("clock: fork");
    if (program == 0) {
        raise(SIGSTOP);
        execvp(arguments[2], arguments + 2);
        give_up(arguments[2]);
    }
    long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                   PTRACE_O_TRACEEXEC;
    int status;
    if (waitpid(program, &status, WUNTRACED) < 0 || ptrace(PTRACE_SEIZE, program, 0, options) != 0) give_up("clock: ptrace");
    kill(program, SIGCONT);
    for (;;) {
        pid_t task = waitpid(-1, &status, __WALL);
        if (task < 0 && errno != EINTR) return 0;
        if (task == program && WIFEXITED(status)) return WEXITSTATUS(status);
        if (task == program && WIFSIGNALED(status)) return 128 + WTERMSIG(status);
        if (task > 0 && WIFSTOPPED(status)) {
            int stop = status >> 16 == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP;
            ptrace(stop ? PTRACE_LISTEN : PTRACE_SYSCALL, task, 0, stop ? 0 : signal_for(task, status));
        }
    }
}

/* Writes down what a process does to the files under one folder, for disk_states.py, and can make
 * its syncs fail. To be preloaded:
 *
 *   RECORD_FOLDER   the folder; must exist
 *   RECORD_FILE     where the record goes, outside of the folder
 *   SYNC_FAILS      while a file of this name exists, every fsync and fdatasync fails with EIO of
 *                   a file whose path contains the text in it; every one if it is empty
 *
 * An operation is a line "name TAB path TAB target TAB offset TAB length TAB nanoseconds", its
 * bytes, and a newline; it is written after the operation is done and before the process knows.
 * Paths are relative to the folder, "-" where there is none. Only calls of the C library are seen:
 * no stores through mmap, no io_uring; test_power_loss.py checks that nothing was missed. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static const char *failing;
static char root[PATH_MAX];

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("RECORD_FOLDER"), *file = getenv("RECORD_FILE");
    failing = getenv("SYNC_FAILS");
    if (!folder || !file || !realpath(folder, root)) return;
    record = (int)syscall(
        SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

/* The path relative to the folder; NULL: it is elsewhere, or nothing is recorded. */
static const char *inside(const char *path) {
    size_t length = strlen(root);
    if (record < 0 || strncmp(path, root, length) != 0) return NULL;
    if (path[length] == 0) return ".";
    return path[length] == '/' ? path + length + 1 : NULL;
}

static const char *path_of(int descriptor, char *buffer) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, (size_t)PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return inside(buffer);
}

/* The name may not exist, so its folder is resolved. */
static const char *resolve(const char *path, char *buffer) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    if (!realpath(folder, buffer) || strlen(buffer) + strlen(name) + 2 > PATH_MAX) return NULL;
    strcat(strcat(buffer, "/"), name);
    return inside(buffer);
}

static void note(const char *name, const char *path, const char *target, long long offset,
                 const void *bytes, size_t length) {
    int error = errno;
    char line[2 * PATH_MAX + 80];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    int size = snprintf(line, sizeof line, "%s\t%s\t%s\t%lld\t%zu\t%lld\n", name, path, target,
                        offset, length, now.tv_sec * 1000000000LL + now.tv_nsec);
    struct iovec parts[3] = {{line, (size_t)size}, {(void *)bytes, length}, {"\n", 1}};
    pthread_mutex_lock(&mutex);
    syscall(SYS_writev, record, parts, 3);
    pthread_mutex_unlock(&mutex);
    errno = error;
}

static int open_at(int folder, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *name = resolve(path, buffer);
    int is_new = name && (flags & O_CREAT) && syscall(SYS_access, path, F_OK) != 0;
    int file = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (file >= 0 && is_new) note("create", name, "-", 0, "", 0);
    else if (file >= 0 && name && flags & O_TRUNC) note("truncate", name, "-", 0, "", 0);
    return file;
}

#define WITH_MODE                                                                                  \
    mode_t mode = 0;                                                                               \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                           \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        mode = va_arg(list, mode_t);                                                               \
        va_end(list);                                                                              \
    }

int open(const char *path, int flags, ...) {
    WITH_MODE return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    WITH_MODE return open_at(AT_FDCWD, path, flags, mode);
}

static ssize_t written(ssize_t count, int file, const void *bytes, off_t offset) {
    char buffer[PATH_MAX];
    const char *name = count > 0 && record >= 0 ? path_of(file, buffer) : NULL;
    if (name) note("write", name, "-", offset, bytes, (size_t)count);
    return count;
}

ssize_t write(int file, const void *bytes, size_t length) {
    ssize_t count = syscall(SYS_write, file, bytes, length);
    int error = errno;
    off_t end = count > 0 && record >= 0 ? syscall(SYS_lseek, file, 0L, SEEK_CUR) : 0;
    errno = error;
    return written(count, file, bytes, end - count);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t offset) {
    return written(syscall(SYS_pwrite64, file, bytes, length, offset), file, bytes, offset);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off_t offset) {
    return pwrite(file, bytes, length, offset);
}

static int fails(int file) {
    char part[PATH_MAX], link[40], path[PATH_MAX];
    int words = failing ? (int)syscall(SYS_openat, AT_FDCWD, failing, O_RDONLY) : -1;
    if (words < 0) return 0;
    ssize_t length = syscall(SYS_read, words, part, sizeof part - 1);
    syscall(SYS_close, words);
    part[length < 0 ? 0 : length] = 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return strstr(path, part) != NULL;
}

static int sync_with(long number, int file) {
    char buffer[PATH_MAX];
    if (fails(file)) {
        errno = EIO;
        return -1;
    }
    int result = (int)syscall(number, file);
    const char *name = result == 0 ? path_of(file, buffer) : NULL;
    if (name) note("sync", name, "-", 0, "", 0);
    return result;
}

int fsync(int file) { return sync_with(SYS_fsync, file); }

int fdatasync(int file) { return sync_with(SYS_fdatasync, file); }

int ftruncate(int file, off_t length) {
    char buffer[PATH_MAX];
    int result = (int)syscall(SYS_ftruncate, file, length);
    const char *name = result == 0 ? path_of(file, buffer) : NULL;
    if (name) note("truncate", name, "-", length, "", 0);
    return result;
}

int rename(const char *path, const char *target) {
    char from[PATH_MAX], to[PATH_MAX];
    const char *name = resolve(path, from), *place = resolve(target, to);
    int result = (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, target, 0);
    if (result == 0 && name && place) note("rename", name, place, 0, "", 0);
    return result;
}

int unlink(const char *path) {
    char buffer[PATH_MAX];
    const char *name = resolve(path, buffer);
    int result = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    if (result == 0 && name) note("unlink", name, "-", 0, "", 0);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    const char *name = resolve(path, buffer);
    int result = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    if (result == 0 && name) note("mkdir", name, "-", 0, "", 0);
    return result;
}

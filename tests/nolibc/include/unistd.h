/* SPDX-License-Identifier: MIT */
/* Owns: files and processes: <unistd.h>, <fcntl.h>, <dirent.h>, <poll.h>, <grp.h> and those of sys/ that include this.
 * Relies on: types.h, time.h, signal.h. Who may include: programs. */
#ifndef VDK_NOLIBC_UNISTD_H
#define VDK_NOLIBC_UNISTD_H

#include "signal.h"
#include "time.h"

/* --- files -------------------------------------------------------------------------------------------------------- */

#define STDIN_FILENO 0
#define STDOUT_FILENO 1
#define STDERR_FILENO 2
#define SEEK_SET 0
#define R_OK 4

#define AT_FDCWD (-100)
#define AT_REMOVEDIR 0x200
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define O_CREAT 0100
#define O_EXCL 0200
#define O_TRUNC 01000
#define O_NONBLOCK 04000
#define O_DIRECTORY NOLIBC_O_DIRECTORY
#define O_CLOEXEC 02000000
#define O_PATH 010000000

#if defined(__aarch64__)
#define NOLIBC_O_DIRECTORY 040000
#else
#define NOLIBC_O_DIRECTORY 0200000
#endif

#define F_GETFD 1
#define F_SETFD 2
#define FD_CLOEXEC 1
#define TCGETS 0x5401
#define FIONREAD 0x541b
#define MNT_DETACH 2

struct iovec {
	void *iov_base;
	size_t iov_len;
};

struct pollfd {
	int fd;
	short events, revents;
};

struct epoll_event {
	uint32_t events;
	uint64_t data;
}
#if defined(__x86_64__)
__attribute__((packed))
#endif
;

#define EPOLLIN 1u
#define EPOLLET (1u << 31)
#define EPOLL_CTL_ADD 1

typedef struct {
	unsigned long bits[16];
} fd_set;

#define FD_ZERO(set) ((void)(*(set) = (fd_set){ { 0 } }))
#define FD_SET(fd, set) ((void)((set)->bits[(fd) / 64] |= 1ul << (fd) % 64))

/* The kernel's, of the architectures that have no older one. */
struct stat {
	unsigned long st_dev, st_ino;
	mode_t st_mode;
	unsigned int st_nlink;
	uid_t st_uid;
	gid_t st_gid;
	unsigned long st_rdev, unused_;
	off_t st_size;
	int st_blksize, unused_too_;
	long st_blocks;
	struct timespec st_atim, st_mtim, st_ctim;
	int unused_as_well_[2];
};

struct dirent {
	unsigned long d_ino;
	off_t d_off;
	unsigned short d_reclen;
	unsigned char d_type;
	char d_name[256];
};

typedef struct nolibc_directory DIR;

int open(const char *path, int flags, ...);
int close(int fd);
int dup(int fd);
int dup2(int fd, int to);
int pipe(int ends[2]);
int pipe2(int ends[2], int flags);
int fcntl(int fd, int command, ...);
ssize_t read(int fd, void *to, size_t size);
ssize_t write(int fd, const void *from, size_t size);
off_t lseek(int fd, off_t offset, int whence);
int access(const char *path, int mode);
int chdir(const char *path);
int chmod(const char *path, mode_t mode);
int fchmod(int fd, mode_t mode);
int mkdir(const char *path, mode_t mode);
int rmdir(const char *path);
int unlink(const char *path);
int symlink(const char *target, const char *path);
ssize_t readlink(const char *path, char *to, size_t size);
int truncate(const char *path, off_t size);
int stat(const char *path, struct stat *st);
int ioctl(int fd, unsigned long request, ...);
int umount2(const char *path, int flags);
int select(int count, fd_set *in, fd_set *out, fd_set *error, struct timeval *timeout);
DIR *opendir(const char *path);
struct dirent *readdir(DIR *dir);
int closedir(DIR *dir);

/* --- memory ------------------------------------------------------------------------------------------------------- */

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MAP_SHARED 1
#define MAP_PRIVATE 2
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_FAILED ((void *)-1)

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int munmap(void *at, size_t size);
int mprotect(void *at, size_t size, int prot);

/* --- processes ---------------------------------------------------------------------------------------------------- */

extern char **environ;

#define P_PID 1
#define WNOHANG 1
#define WUNTRACED 2
#define WEXITED 4
#define WCONTINUED 8
#define WNOWAIT 0x1000000
#define __WALL 0x40000000
#define WTERMSIG(status) ((status) & 0x7f)
#define WEXITSTATUS(status) ((status) >> 8 & 0xff)
#define WSTOPSIG(status) WEXITSTATUS(status)
#define WIFEXITED(status) (WTERMSIG(status) == 0)
#define WIFSTOPPED(status) (((status) & 0xff) == 0x7f)
#define WIFCONTINUED(status) ((status) == 0xffff)
#define WIFSIGNALED(status) (WTERMSIG(status) != 0 && WTERMSIG(status) != 0x7f)

#define PR_SET_NAME 15
#define PR_GET_NAME 16
#define PR_SET_CHILD_SUBREAPER 36
#define RLIMIT_FSIZE 1
#define RLIMIT_CORE 4
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_AS 9
#define RUSAGE_SELF 0

struct rlimit {
	rlim_t rlim_cur, rlim_max;
};

struct rusage {
	struct timeval ru_utime, ru_stime;
	long ru_others[14];
};

struct tms {
	clock_t tms_utime, tms_stime, tms_cutime, tms_cstime;
};

struct utsname {
	char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

struct sysinfo {
	long uptime;
	unsigned long loads[3], totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	unsigned short procs, unused_;
	unsigned long totalhigh, freehigh;
	unsigned int mem_unit;
};

long syscall(long nr, ...);
unsigned long getauxval(unsigned long type);
pid_t fork(void);
__attribute__((returns_twice)) pid_t vfork(void);
int execve(const char *path, char *const argv[], char *const envp[]);
int execv(const char *path, char *const argv[]);
int execl(const char *path, const char *argument, ...);
_Noreturn void _exit(int status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage);
int waitid(int kind, id_t id, siginfo_t *info, int options);
pid_t getpid(void);
pid_t getppid(void);
uid_t getuid(void);
uid_t geteuid(void);
gid_t getgid(void);
gid_t getegid(void);
int setuid(uid_t uid);
int setgid(gid_t gid);
int setgroups(size_t count, const gid_t *groups);
pid_t setsid(void);
int setpgid(pid_t pid, pid_t group);
int getrlimit(int resource, struct rlimit *limit);
int setrlimit(int resource, const struct rlimit *limit);
int prctl(int option, ...);
int sysinfo(struct sysinfo *info);
int gethostname(char *to, size_t size);
int sethostname(const char *name, size_t size);
unsigned int alarm(unsigned int seconds);
int pause(void);
int usleep(unsigned int us);

#endif

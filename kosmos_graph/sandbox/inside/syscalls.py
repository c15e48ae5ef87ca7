"""System calls by number, for the two kinds of processor whose filters are written here.

The numbers are those of Linux's headers (asm/unistd_64.h; asm-generic/unistd.h for aarch64); calls that a kind of processor
does not have are not in its table.
"""

from __future__ import annotations


def _table(text: str) -> dict[str, int]:
    words = text.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


ALLOWED = {
    "x86_64": _table("""
read 0 write 1 close 3 close_range 436 readv 19 writev 20 pread64 17 pwrite64 18 preadv 295 pwritev 296
preadv2 327 pwritev2 328 lseek 8 stat 4 fstat 5 lstat 6 newfstatat 262 statx 332 statfs 137 fstatfs 138 access 21
faccessat 269 faccessat2 439 readlink 89 readlinkat 267 getdents 78 getdents64 217 getcwd 79 chdir 80 fchdir 81 mkdir 83
mkdirat 258 rmdir 84 unlink 87 unlinkat 263 rename 82 renameat 264 renameat2 316 dup 32 dup2 33 dup3 292 pipe 22 pipe2 293
flock 73 fsync 74 fdatasync 75 ftruncate 77 fallocate 285 fadvise64 221 readahead 187 copy_file_range 326 sendfile 40
umask 95 poll 7 ppoll 271 select 23 pselect6 270 epoll_create 213 epoll_create1 291 epoll_ctl 233 epoll_wait 232
epoll_pwait 281 epoll_pwait2 441 eventfd 284 eventfd2 290 mprotect 10 munmap 11 mremap 25 brk 12
mincore 27 msync 26 membarrier 324 get_mempolicy 239 mbind 237 fork 57 vfork 58 exit 60 exit_group 231 wait4 61 waitid 247
getpid 39 getppid 110 gettid 186 getuid 102 geteuid 107 getgid 104 getegid 108 getgroups 115 getresuid 118 getresgid 120
getpgrp 111 getpgid 121 getsid 124 setpgid 109 setsid 112 sched_yield 24 sched_getaffinity 204 sched_getparam 143
sched_getscheduler 145 sched_get_priority_max 146 sched_get_priority_min 147 getpriority 140 getcpu 309 prctl 157
arch_prctl 158 set_tid_address 218 set_robust_list 273 rseq 334 futex 202 futex_waitv 449 futex_wake 454 futex_wait 455
futex_requeue 456 getrandom 318 uname 63 sysinfo 99 times 100 getrusage 98 getrlimit 97 setrlimit 160 capget 125
clock_gettime 228 clock_getres 229 clock_nanosleep 230 nanosleep 35 gettimeofday 96 time 201 getitimer 36 setitimer 38
alarm 37 rt_sigaction 13
rt_sigprocmask 14 rt_sigreturn 15 rt_sigpending 127 rt_sigtimedwait 128 rt_sigsuspend 130 sigaltstack 131
restart_syscall 219 pause 34
"""),
    "aarch64": _table("""
read 63 write 64 close 57 close_range 436 readv 65 writev 66 pread64 67 pwrite64 68 preadv 69 pwritev 70
preadv2 286 pwritev2 287 lseek 62 fstat 80 newfstatat 79 statx 291 statfs 43 fstatfs 44 faccessat 48 faccessat2 439
readlinkat 78 getdents64 61 getcwd 17 chdir 49 fchdir 50 mkdirat 34 unlinkat 35 renameat 38 renameat2 276 dup 23 dup3 24
pipe2 59 flock 32 fsync 82 fdatasync 83 ftruncate 46 fallocate 47 fadvise64 223 readahead 213 copy_file_range 285
sendfile 71 umask 166 ppoll 73 pselect6 72 epoll_create1 20 epoll_ctl 21 epoll_pwait 22 epoll_pwait2 441 eventfd2 19
mprotect 226 munmap 215 mremap 216 brk 214 mincore 232 msync 227 membarrier 283 get_mempolicy 236
mbind 235 exit 93 exit_group 94 wait4 260 waitid 95 getpid 172 getppid 173 gettid 178 getuid 174 geteuid 175 getgid 176
getegid 177 getgroups 158 getresuid 148 getresgid 150 getpgid 155 getsid 156 setpgid 154 setsid 157 sched_yield 124
sched_getaffinity 123 sched_getparam 121 sched_getscheduler 120 sched_get_priority_max 125 sched_get_priority_min 126
getpriority 141 getcpu 168 prctl 167 set_tid_address 96 set_robust_list 99 rseq 293 futex 98 futex_waitv 449 futex_wake 454
futex_wait 455 futex_requeue 456 getrandom 278 uname 160 sysinfo 179 times 153 getrusage 165 getrlimit 163 setrlimit 164
capget 90 clock_gettime 113 clock_getres 114 clock_nanosleep 115 nanosleep 101 gettimeofday 169 getitimer 102 setitimer 103
rt_sigaction 134
rt_sigprocmask 135 rt_sigreturn 139 rt_sigpending 136 rt_sigtimedwait 137 rt_sigsuspend 133 sigaltstack 132
restart_syscall 128
"""),
}
"""What numerical Python needs: its own files, memory, threads, children, clocks."""

METADATA = {
    "x86_64": _table("""
chmod 90 fchmod 91 fchmodat 268 fchmodat2 452 chown 92 fchown 93 lchown 94 fchownat 260 utime 132 utimes 235 futimesat 261
utimensat 280
"""),
    "aarch64": _table("""
fchmod 52 fchmodat 53 fchmodat2 452 fchown 55 fchownat 54 utimensat 88
"""),
}
"""Changes of modes, owners and times, for which Landlock has no right."""

ATTRIBUTES = {
    "x86_64": _table("""
setxattr 188 lsetxattr 189 fsetxattr 190 setxattrat 463 getxattr 191 lgetxattr 192 fgetxattr 193 getxattrat 464
listxattr 194 llistxattr 195 flistxattr 196 listxattrat 465 removexattr 197 lremovexattr 198 fremovexattr 199
removexattrat 466
"""),
    "aarch64": _table("""
setxattr 5 lsetxattr 6 fsetxattr 7 setxattrat 463 getxattr 8 lgetxattr 9 fgetxattr 10 getxattrat 464 listxattr 11
llistxattr 12 flistxattr 13 listxattrat 465 removexattr 14 lremovexattr 15 fremovexattr 16 removexattrat 466
"""),
}
"""Extended attributes, for which Landlock has no right."""

FILTERED = {
    "x86_64": _table("""
open 2 openat 257 mmap 9 madvise 28 clone 56 ioctl 16 fcntl 72 prlimit64 302 tgkill 234
"""),
    "aarch64": _table("""
openat 56 mmap 222 madvise 233 clone 220 ioctl 29 fcntl 25 prlimit64 261 tgkill 131
"""),
}
"""Calls that are allowed with some arguments only."""

FOREIGN = {
    "x86_64": _table("""
socket 41 socketpair 53 connect 42 bind 49 listen 50 accept 43 accept4 288 sendto 44 sendmsg 46 sendmmsg 307 execve 59
execveat 322 ptrace 101 process_vm_readv 310 process_vm_writev 311 kill 62 tkill 200 rt_sigqueueinfo 129
rt_tgsigqueueinfo 297 pidfd_send_signal 424 pidfd_open 434 pidfd_getfd 438 memfd_create 319 memfd_secret 447 shmget 29
shmat 30 shmctl 31 semget 64 semop 65 semtimedop 220 semctl 66 msgget 68 msgsnd 69 msgrcv 70 msgctl 71 mq_open 240
mq_unlink 241 io_uring_setup 425 io_uring_enter 426 io_uring_register 427 bpf 321 perf_event_open 298 userfaultfd 323
keyctl 250 add_key 248 request_key 249 mount 165 umount2 166 move_mount 429 open_tree 428 fsopen 430 fsmount 432
fsconfig 431 fspick 433 mount_setattr 442 pivot_root 155 chroot 161 unshare 272 setns 308 open_by_handle_at 304
name_to_handle_at 303 link 86 linkat 265 symlink 88 symlinkat 266 mknod 133 mknodat 259 truncate 76 chmod 90 fchmod 91
fchmodat 268 fchmodat2 452 chown 92 fchown 93 lchown 94 fchownat 260 utime 132 utimes 235 futimesat 261 utimensat 280
setxattr 188 lsetxattr 189 fsetxattr 190 setxattrat 463 removexattr 197 lremovexattr 198 fremovexattr 199 removexattrat 466
file_setattr 469 sched_setaffinity 203 sched_setattr 314 sched_setscheduler 144 sched_setparam 142 setpriority 141
process_madvise 440 personality 135 kcmp 312 fanotify_init 300 reboot 169 swapon 167 swapoff 168 quotactl 179
quotactl_fd 443 init_module 175 finit_module 313 delete_module 176 kexec_load 246 kexec_file_load 320 settimeofday 164
clock_settime 227 adjtimex 159 clock_adjtime 305 acct 163 syslog 103 iopl 172 ioperm 173 vhangup 153
"""),
    "aarch64": _table("""
socket 198 socketpair 199 connect 203 bind 200 listen 201 accept 202 accept4 242 sendto 206 sendmsg 211 sendmmsg 269
execve 221 execveat 281 ptrace 117 process_vm_readv 270 process_vm_writev 271 kill 129 tkill 130 rt_sigqueueinfo 138
rt_tgsigqueueinfo 240 pidfd_send_signal 424 pidfd_open 434 pidfd_getfd 438 memfd_create 279 memfd_secret 447 shmget 194
shmat 196 shmctl 195 semget 190 semop 193 semtimedop 192 semctl 191 msgget 186 msgsnd 189 msgrcv 188 msgctl 187 mq_open 180
mq_unlink 181 io_uring_setup 425 io_uring_enter 426 io_uring_register 427 bpf 280 perf_event_open 241 userfaultfd 282
keyctl 219 add_key 217 request_key 218 mount 40 umount2 39 move_mount 429 open_tree 428 fsopen 430 fsmount 432 fsconfig 431
fspick 433 mount_setattr 442 pivot_root 41 chroot 51 unshare 97 setns 268 open_by_handle_at 265 name_to_handle_at 264
linkat 37 symlinkat 36 mknodat 33 truncate 45 fchmod 52 fchmodat 53 fchmodat2 452 fchown 55 fchownat 54 utimensat 88
setxattr 5 lsetxattr 6 fsetxattr 7 setxattrat 463 removexattr 14 lremovexattr 15 fremovexattr 16 removexattrat 466
file_setattr 469 sched_setaffinity 122 sched_setattr 274 sched_setscheduler 119 sched_setparam 118 setpriority 140
process_madvise 440 personality 92 kcmp 272 fanotify_init 262 reboot 142 swapon 224 swapoff 225 quotactl 60 quotactl_fd 443
init_module 105 finit_module 273 delete_module 106 kexec_load 104 kexec_file_load 294 settimeofday 170 clock_settime 112
adjtimex 171 clock_adjtime 266 acct 89 syslog 116 vhangup 58
"""),
}
"""What reaches beyond a process's own memory and files, for a filter that allows everything else."""

CLONE3 = 435
"""The same for all; its flags lie in memory, where a filter cannot read them."""

FIRST_UNKNOWN = 470
"""From this number on, calls are newer than these tables: callers are told that they do not exist, and use what is older."""

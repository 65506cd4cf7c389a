/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/disk/refuse.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void
refuse_call (
    glong number, guint argument, guint32 least, guint32 most, gint code)
{
  const guint32 value = offsetof (struct seccomp_data, args)
                        + argument * sizeof (guint64)
                        + (G_BYTE_ORDER == G_BIG_ENDIAN ? sizeof (guint32) : 0);
  struct sock_filter filter[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, number, 0, 4),
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, value),
    BPF_JUMP (BPF_JMP | BPF_JGE | BPF_K, least, 0, 2),
    BPF_JUMP (BPF_JMP | BPF_JGT | BPF_K, most, 1, 0),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { G_N_ELEMENTS (filter), filter };

  g_assert_cmpint (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
  g_assert_cmpint (
      prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==, 0);
}

void
refuse_new_renames (gint code)
{
  refuse_call (SYS_renameat2, 4, 1, G_MAXUINT32, code);
}

void
refuse_to_look (gint code)
{
  refuse_call (
      SYS_newfstatat, 3, AT_SYMLINK_NOFOLLOW, AT_SYMLINK_NOFOLLOW, code);
}

void
refuse_to_list (gint fd, gint code)
{
  refuse_call (SYS_getdents64, 0, fd, G_MAXUINT32, code);
}

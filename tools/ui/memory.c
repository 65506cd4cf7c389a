/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/memory.h"

#include <errno.h>
#include <malloc.h>
#include <sys/random.h>
#include <unistd.h>

/* Both are read before main(). GLib before 2.76 keeps slices that are freed,
 * and glibc keeps hundreds of small pieces for each thread. Those that last, as
 * the one that takes peers apart, collect pieces of every peer's memory, and
 * each holds a page. */
static const gchar *const settings[][2] = {
  { "G_SLICE", "always-malloc" },
  { "GLIBC_TUNABLES", "glibc.malloc.tcache_count=0" },
};

void
vmt_memory_give_back (gchar **argv)
{
  g_autofree gchar *program = NULL;
  gboolean missing = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    missing |= !g_getenv (settings[i][0]);
  /* by its name: from /proc/self/exe the process would be called "exe" */
  program = missing ? g_file_read_link ("/proc/self/exe", NULL) : NULL;
  if (!program)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    if (!g_setenv (settings[i][0], settings[i][1], FALSE))
      return;
  execv (program, argv);
}

/* A chunk has 64 KiB, and on its way it is a message, a frame and what TLS and
 * the socket make of it. By glibc's own settings each of these goes back to the
 * system when it is freed, and the next one is paged in anew. */
#define KEEP_FREED (32 * 1024 * 1024) /* bytes; a window is 4 MiB */
#define MAP_FROM (4 * 1024 * 1024)

void
vmt_memory_keep (void)
{
  mallopt (M_TRIM_THRESHOLD, KEEP_FREED);
  mallopt (M_MMAP_THRESHOLD, MAP_FROM);
  mallopt (M_TOP_PAD, MAP_FROM);
}

/* Takes the place of GnuTLS's function of this name for everything that the
 * program loads, because the dynamic linker looks into the program first.
 * libnice asks for the number of each STUN message, on two threads for each
 * peer; GnuTLS 3.7 makes a generator for each thread that asks and keeps it for
 * good. A hundred peers who are gone left two hundred of them, each with a page
 * of what was freed around it. The kernel's generator leaves nothing. */
int
gnutls_rnd (int level, void *data, size_t size)
{
  guint8 *to = data;

  while (size > 0) {
    ssize_t n = getrandom (to, size, 0);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return VMT_E_RANDOM_FAILED;
    to += n;
    size -= n;
  }
  return 0;
}

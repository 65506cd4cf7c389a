/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "term/localterm.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* What a program may have changed that dies in the middle: the main screen, the
 * cursor, colours, keys, the mouse, pasting, the characters. */
#define RESET                                                           \
  "\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l\033[?1l\033" \
  ">\033[0m\017\033(B\033[?25h\033[?1049l\r\n"

static const gint fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGQUIT,
  SIGALRM, SIGUSR1, SIGUSR2 };

static struct termios before; /* how it was */
static volatile sig_atomic_t taken;

/* Async-signal-safe. */
static void
restore (const gchar *text, gsize size)
{
  ssize_t written;

  if (!taken)
    return;
  taken = 0;
  written = write (STDOUT_FILENO, text, size);
  (void) written;
  tcsetattr (STDOUT_FILENO, TCSANOW, &before);
}

void
vmt_local_reset (void)
{
  restore (RESET, sizeof RESET - 1);
}

static void
on_fatal (int number)
{
  vmt_local_reset ();
  /* by the handler of before, which SA_RESETHAND has put back */
  raise (number);
}

gboolean
vmt_local_is_terminal (void)
{
  return isatty (STDIN_FILENO) && isatty (STDOUT_FILENO);
}

gboolean
vmt_local_take (void)
{
  static gboolean registered;
  struct termios raw;
  struct sigaction action = { .sa_handler = on_fatal,
    .sa_flags = SA_RESETHAND | SA_NODEFER };

  if (tcgetattr (STDOUT_FILENO, &before) != 0)
    return FALSE;
  raw = before;
  cfmakeraw (&raw);
  if (tcsetattr (STDOUT_FILENO, TCSANOW, &raw) != 0)
    return FALSE;
  taken = 1;
  for (guint i = 0; i < G_N_ELEMENTS (fatal); i++)
    sigaction (fatal[i], &action, NULL);
  if (!registered)
    atexit (vmt_local_reset);
  registered = TRUE;
  return TRUE;
}

void
vmt_local_give_back (const GString *end)
{
  restore (end->str, end->len);
}

void
vmt_local_get_size (guint *columns, guint *rows)
{
  struct winsize size = { 0 };

  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || !size.ws_col
      || !size.ws_row)
    size = (struct winsize){ .ws_col = 80, .ws_row = 24 };
  *columns = size.ws_col;
  *rows = size.ws_row;
}

gboolean
vmt_local_write (GString *out)
{
  const gchar *data = out->str;
  gsize left = out->len;
  gboolean good = TRUE;

  while (good && left) {
    ssize_t n = write (STDOUT_FILENO, data, left);
    struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

    if (n > 0) {
      data += n;
      left -= (gsize) n;
    } else if (n < 0 && errno == EAGAIN) {
      /* another program may have made it so */
      poll (&fd, 1, -1);
    } else {
      good = n < 0 && errno == EINTR;
    }
  }
  g_string_truncate (out, 0);
  return good;
}

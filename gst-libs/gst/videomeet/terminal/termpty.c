/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termpty.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

struct _VmTermPty
{
  gint fd; /* the side of whoever shows it */
  gint exit_fd; /* of the process */
  GPid pid; /* 0: it has been waited for */
  gint code;
};

/* What describes a terminal that the command is not on. */
static const gchar *const foreign[] = { "COLUMNS", "LINES", "TERMCAP",
  "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLORTERM", "VTE_VERSION",
  "WINDOWID", "TMUX", "TMUX_PANE", "STY", "WINDOW", "KITTY_WINDOW_ID",
  "ITERM_SESSION_ID", "WEZTERM_PANE" };

static gchar **
make_environment (void)
{
  gchar **environment = g_get_environ ();

  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    environment = g_environ_unsetenv (environment, foreign[i]);
  return g_environ_setenv (environment, "TERM", "xterm-256color", TRUE);
}

/* In the child, where only what is safe in a handler of signals may be
 * called. */
static void
begin_session (gpointer user_data)
{
  sigset_t none;

  for (gint number = 1; number < NSIG; number++)
    signal (number, SIG_DFL);
  sigemptyset (&none);
  sigprocmask (SIG_SETMASK, &none, NULL);
  setsid ();
  ioctl (STDIN_FILENO, TIOCSCTTY, 0);
}

static gboolean
refuse (GError **error, const gchar *what)
{
  gint code = errno;

  g_set_error (
      error, VM_ERROR, VM_ERROR_FAILED, "%s: %s", what, g_strerror (code));
  return FALSE;
}

static gboolean
open_pair (gint *fd, gint *command_fd, GError **error)
{
  gchar name[64];

  *fd = posix_openpt (O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (*fd < 0)
    return refuse (error, "There is no pseudo-terminal");
  if (grantpt (*fd) != 0 || unlockpt (*fd) != 0
      || ptsname_r (*fd, name, sizeof name) != 0)
    return refuse (error, "The pseudo-terminal cannot be used");
  *command_fd = open (name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return *command_fd >= 0
         || refuse (error, "The pseudo-terminal cannot be opened");
}

static void
set_utf8 (gint fd)
{
  struct termios settings;

  if (tcgetattr (fd, &settings) != 0)
    return;
  settings.c_iflag |= IUTF8;
  tcsetattr (fd, TCSANOW, &settings);
}

static gboolean
run (VmTermPty *self, const gchar *const *argv, gint command_fd, GError **error)
{
  g_auto (GStrv) environment = make_environment ();
  g_autoptr (GError) failure = NULL;

  if (g_spawn_async_with_pipes_and_fds (NULL, argv,
          (const gchar *const *) environment,
          G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH, begin_session, NULL,
          command_fd, command_fd, command_fd, NULL, NULL, 0, &self->pid, NULL,
          NULL, NULL, &failure)) {
    self->exit_fd = syscall (SYS_pidfd_open, self->pid, 0);
    return self->exit_fd >= 0
           || refuse (error, "The command cannot be waited for");
  }
  g_set_error (error, VM_ERROR,
      g_error_matches (failure, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT)
          ? VM_ERROR_NOT_FOUND
          : VM_ERROR_FAILED,
      "\"%s\" cannot be run: %s", argv[0], failure->message);
  return FALSE;
}

VmTermPty *
vm_term_pty_new (
    const gchar *const *argv, const VmTermSize *size, GError **error)
{
  g_autoptr (VmTermPty) self = g_new0 (VmTermPty, 1);
  gint command_fd = -1;
  gboolean good;

  self->fd = self->exit_fd = -1;
  if (open_pair (&self->fd, &command_fd, error)) {
    set_utf8 (command_fd);
    vm_term_pty_resize (self, size);
    good = run (self, argv, command_fd, error);
  } else {
    good = FALSE;
  }
  if (command_fd >= 0)
    close (command_fd);
  return good ? g_steal_pointer (&self) : NULL;
}

static gint
exit_code (gint status)
{
  if (WIFSIGNALED (status))
    return MIN (128 + WTERMSIG (status), 255);
  return WEXITSTATUS (status);
}

/* TRUE: there is no such process any more. */
static gboolean
reap (VmTermPty *self)
{
  gint status = 0;
  pid_t pid = 0;

  if (self->pid) {
    do
      pid = waitpid (self->pid, &status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (pid != 0)
      self->pid = 0;
    if (pid > 0)
      self->code = exit_code (status);
  }
  return !self->pid;
}

static void
wait_for_exit (VmTermPty *self, gint64 time)
{
  gint64 deadline = g_get_monotonic_time () + time;
  struct pollfd exited = { .fd = self->exit_fd, .events = POLLIN };

  while (!reap (self) && g_get_monotonic_time () < deadline)
    poll (&exited, 1, MAX (1, (deadline - g_get_monotonic_time ()) / 1000));
}

void
vm_term_pty_hang_up (VmTermPty *self)
{
  if (reap (self))
    return;
  /* it leads a session and a group, and may have stopped */
  kill (-self->pid, SIGHUP);
  kill (-self->pid, SIGCONT);
}

void
vm_term_pty_kill (VmTermPty *self)
{
  if (!reap (self))
    kill (-self->pid, SIGKILL);
}

void
vm_term_pty_free (VmTermPty *self)
{
  if (!self)
    return;
  if (self->fd >= 0)
    close (self->fd);
  if (self->pid && self->exit_fd >= 0) {
    vm_term_pty_hang_up (self);
    wait_for_exit (self, VM_TERM_PTY_END_TIME);
  }
  if (!reap (self)) {
    vm_term_pty_kill (self);
    /* nothing holds back a process that is killed */
    waitpid (self->pid, NULL, 0);
  }
  if (self->exit_fd >= 0)
    close (self->exit_fd);
  g_free (self);
}

gint
vm_term_pty_get_fd (VmTermPty *self)
{
  return self->fd;
}

gint
vm_term_pty_get_exit_fd (VmTermPty *self)
{
  return self->exit_fd;
}

void
vm_term_pty_resize (VmTermPty *self, const VmTermSize *size)
{
  struct winsize window = { .ws_row = size->rows, .ws_col = size->cols };

  ioctl (self->fd, TIOCSWINSZ, &window);
}

gssize
vm_term_pty_read (VmTermPty *self, guint8 *data, gsize size)
{
  gssize n;

  do
    n = read (self->fd, data, size);
  while (n < 0 && errno == EINTR);
  if (n > 0)
    return n;
  return n < 0 && errno == EAGAIN ? 0 : -1;
}

gssize
vm_term_pty_write (VmTermPty *self, const guint8 *data, gsize size)
{
  gssize n;

  do
    n = write (self->fd, data, size);
  while (n < 0 && errno == EINTR);
  if (n >= 0)
    return n;
  return errno == EAGAIN ? 0 : -1;
}

gboolean
vm_term_pty_has_ended (VmTermPty *self, gint *code)
{
  gboolean ended = reap (self);

  if (ended && code)
    *code = self->code;
  return ended;
}

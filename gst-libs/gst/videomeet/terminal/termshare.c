/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termfilter.h"
#include "terminal/termpty.h"
#include "terminal/termview-priv.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define READ_SIZE (16 * 1024)
/* What is read before anything else is done: input, a resize, a picture. */
#define READ_TURN (64 * 1024)
/* What is read of a command that has exited: something that it has left behind
 * may write for ever. */
#define READ_LAST (4 * 1024 * 1024)

/* What only the thread uses. */
typedef struct VmTermPtyWork
{
  VmTermPty *pty;
  VmTermScreen *screen;
  VmTermFilter *filter;
  GString *filtered;
  VmTermSize size; /* of the screen */
  gboolean changed; /* since the last picture */
  gboolean silent; /* nothing more can be read */
  gint64 next_picture, kill_at; /* monotonic time; 0: none */
  guint status; /* that was told last */
} Work;

void
vm_term_share_wake (VmTermShare *self)
{
  const guint64 one = 1;

  while (write (self->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

/* Pictures */

static void
show (VmTermShare *self, Work *work)
{
  const VmTermPicture *new = vm_term_screen_look (work->screen);
  const VmTermPicture *old = self->shown->picture;
  gboolean sized =
      old->size.cols == new->size.cols && old->size.rows == new->size.rows;
  GString *out = g_string_new (NULL);
  g_autoptr (GBytes) bytes = NULL;
  VmTermShown *shown, *before;

  work->changed = FALSE;
  work->next_picture = g_get_monotonic_time () + VM_TERM_PICTURE_TIME;
  if (vm_term_screen_take_bells (work->screen))
    g_string_append_c (out, '\a');
  if (sized)
    vm_term_picture_paint (old, new, out);
  bytes = g_string_free_to_bytes (out);
  if (sized && g_bytes_get_size (bytes) == 0)
    return;
  shown = vm_term_shown_new (new);
  g_mutex_lock (&self->lock);
  before = self->shown;
  self->shown = shown;
  for (guint i = 0; i < self->views->len; i++)
    vm_term_view_push (self->views->pdata[i], sized ? bytes : NULL);
  g_mutex_unlock (&self->lock);
  vm_term_shown_unref (before);
}

/* The command */

static gboolean
add_input (VmTermShare *self, const guint8 *data, gsize size)
{
  gboolean good;

  g_mutex_lock (&self->lock);
  good = !self->ended && size <= VM_TERM_INPUT_QUEUE - self->input->len;
  if (good)
    g_byte_array_append (self->input, data, size);
  g_mutex_unlock (&self->lock);
  return good;
}

/* libvterm answers a query. */
static void
on_answer (const gchar *data, gsize size, gpointer user_data)
{
  add_input (user_data, (const guint8 *) data, size);
}

static void
read_turn (Work *work, gsize turn)
{
  guint8 data[READ_SIZE];

  for (gsize total = 0; total < turn && !work->silent;) {
    gssize n = vm_term_pty_read (work->pty, data, sizeof data);

    if (n == 0)
      return;
    if (n < 0) {
      work->silent = TRUE;
      return;
    }
    total += n;
    g_string_truncate (work->filtered, 0);
    vm_term_filter_feed (work->filter, data, n, work->filtered);
    vm_term_screen_feed (
        work->screen, work->filtered->str, work->filtered->len);
    work->changed = TRUE;
  }
}

static void
write_turn (VmTermShare *self, Work *work)
{
  guint8 data[VM_TERM_IN_MAX];
  gsize size;
  gssize n;

  g_mutex_lock (&self->lock);
  size = MIN (sizeof data, self->input->len);
  if (size)
    memcpy (data, self->input->data, size);
  g_mutex_unlock (&self->lock);
  if (size == 0)
    return;
  n = vm_term_pty_write (work->pty, data, size);
  g_mutex_lock (&self->lock);
  if (n != 0)
    g_byte_array_remove_range (self->input, 0, n < 0 ? size : (gsize) n);
  g_mutex_unlock (&self->lock);
}

static void
resize (Work *work, const VmTermSize *size)
{
  if (size->cols == work->size.cols && size->rows == work->size.rows)
    return;
  work->size = *size;
  vm_term_screen_resize (work->screen, size);
  vm_term_pty_resize (work->pty, size);
  work->changed = TRUE;
  work->next_picture = 0;
}

static void
end (VmTermShare *self, Work *work, gint code)
{
  read_turn (work, READ_LAST);
  show (self, work);
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  self->code = code;
  self->status++;
  g_byte_array_set_size (self->input, 0);
  for (guint i = 0; i < self->views->len; i++)
    g_cond_signal (&((VmTermView *) self->views->pdata[i])->cond);
  g_mutex_unlock (&self->lock);
}

/* Others are told, without the lock. */
static void
tell (VmTermShare *self, Work *work)
{
  VmTermShareFunc changed = NULL;
  gpointer data = NULL;

  g_mutex_lock (&self->lock);
  if (work->status != self->status) {
    work->status = self->status;
    changed = self->changed;
    data = self->changed_data;
    for (guint i = 0; i < self->views->len; i++)
      g_cond_signal (&((VmTermView *) self->views->pdata[i])->cond);
  }
  g_mutex_unlock (&self->lock);
  if (changed)
    changed (self, data);
}

/* The thread */

static gint
time_left (const Work *work)
{
  gint64 now = g_get_monotonic_time ();
  gint64 first = G_MAXINT64;

  if (work->changed)
    first = work->next_picture;
  if (work->kill_at)
    first = MIN (first, work->kill_at);
  if (first == G_MAXINT64)
    return -1;
  return first <= now ? 0 : (gint) ((first - now + 999) / 1000);
}

static void
await (VmTermShare *self, Work *work, gboolean ended)
{
  struct pollfd fds[] = {
    { .fd = self->wake_fd, .events = POLLIN },
    { .fd = work->silent || ended ? -1 : vm_term_pty_get_fd (work->pty),
        .events = POLLIN },
    { .fd = ended ? -1 : vm_term_pty_get_exit_fd (work->pty),
        .events = POLLIN },
  };
  guint64 drained;

  g_mutex_lock (&self->lock);
  if (self->input->len > 0)
    fds[1].events |= POLLOUT;
  g_mutex_unlock (&self->lock);
  if (poll (fds, G_N_ELEMENTS (fds), time_left (work)) < 0)
    return;
  if (fds[0].revents && read (self->wake_fd, &drained, sizeof drained) < 0)
    return;
}

static void
kill_late (Work *work, gboolean hang_up)
{
  gint64 now = g_get_monotonic_time ();

  if (hang_up) {
    vm_term_pty_hang_up (work->pty);
    work->kill_at = now + VM_TERM_PTY_END_TIME;
  } else if (work->kill_at && now >= work->kill_at) {
    vm_term_pty_kill (work->pty);
    work->kill_at = 0;
  }
}

static gpointer
run (gpointer data)
{
  VmTermShare *self = data;
  Work *work = self->work;
  gboolean stop = FALSE, ended = FALSE;

  while (!stop) {
    VmTermSize size;
    gboolean hang_up;
    gint code;

    await (self, work, ended);
    g_mutex_lock (&self->lock);
    stop = self->stop;
    hang_up = self->hang_up;
    self->hang_up = FALSE;
    size = self->size;
    g_mutex_unlock (&self->lock);
    if (!ended) {
      kill_late (work, hang_up);
      write_turn (self, work);
      resize (work, &size);
      read_turn (work, READ_TURN);
      if (work->changed && g_get_monotonic_time () >= work->next_picture)
        show (self, work);
      ended = vm_term_pty_has_ended (work->pty, &code);
      if (ended) {
        end (self, work, code);
        work->changed = FALSE;
        work->kill_at = 0;
      }
    }
    tell (self, work);
  }
  vm_term_pty_free (work->pty);
  work->pty = NULL;
  return NULL;
}

/* The object */

static void
work_free (Work *work)
{
  vm_term_pty_free (work->pty);
  vm_term_screen_free (work->screen);
  vm_term_filter_free (work->filter);
  g_string_free (work->filtered, TRUE);
  g_free (work);
}

static Work *
work_new (const gchar *const *argv, const VmTermSize *size, GError **error)
{
  VmTermPty *pty = NULL;
  Work *work;

  if (vm_term_is_supported ())
    pty = vm_term_pty_new (argv, size, error);
  else
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "This program was built without libvterm, which shares a terminal");
  if (!pty)
    return NULL;
  work = g_new0 (Work, 1);
  work->pty = pty;
  work->size = *size;
  work->screen = vm_term_screen_new (size);
  work->filter = vm_term_filter_new (VM_TERM_FILTER_COMMAND);
  work->filtered = g_string_new (NULL);
  return work;
}

VmTermShare *
vm_term_share_new (
    const gchar *const *argv, const VmTermSize *size, GError **error)
{
  Work *work = work_new (argv, size, error);
  VmTermShare *self;

  if (!work)
    return NULL;
  self = g_new0 (VmTermShare, 1);
  self->refs = 1;
  g_mutex_init (&self->lock);
  self->work = work;
  self->size = *size;
  self->shown = vm_term_shown_new (vm_term_screen_look (work->screen));
  self->views = g_ptr_array_new ();
  self->input = g_byte_array_new ();
  self->command = g_strjoinv (" ", (gchar **) argv);
  self->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  vm_term_screen_set_answer_func (work->screen, on_answer, self);
  self->thread = g_thread_new ("vm-term", run, self);
  return self;
}

VmTermShare *
vm_term_share_ref (VmTermShare *self)
{
  g_atomic_int_inc (&self->refs);
  return self;
}

void
vm_term_share_unref (VmTermShare *self)
{
  if (!self || !g_atomic_int_dec_and_test (&self->refs))
    return;
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_mutex_unlock (&self->lock);
  vm_term_share_wake (self);
  g_thread_join (self->thread);
  work_free (self->work);
  vm_term_shown_unref (self->shown);
  g_ptr_array_unref (self->views);
  g_byte_array_unref (self->input);
  g_free (self->controller);
  g_free (self->command);
  close (self->wake_fd);
  g_mutex_clear (&self->lock);
  g_free (self);
}

gboolean
vm_term_share_resize (VmTermShare *self, const VmTermSize *size)
{
  if (!vm_term_size_is_valid (size->cols, size->rows))
    return FALSE;
  g_mutex_lock (&self->lock);
  self->size = *size;
  g_mutex_unlock (&self->lock);
  vm_term_share_wake (self);
  return TRUE;
}

gboolean
vm_term_share_write_input (VmTermShare *self, const guint8 *data, gsize size)
{
  if (!add_input (self, data, size))
    return FALSE;
  vm_term_share_wake (self);
  return TRUE;
}

void
vm_term_share_set_controller (VmTermShare *self, const gchar *user)
{
  gboolean same;

  g_mutex_lock (&self->lock);
  same = g_strcmp0 (self->controller, user) == 0;
  if (!same) {
    g_free (self->controller);
    self->controller = g_strdup (user);
    self->status++;
  }
  g_mutex_unlock (&self->lock);
  if (!same)
    vm_term_share_wake (self);
}

void
vm_term_share_get_status (VmTermShare *self, VmTermStatus *status)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->views->len; i++) {
    VmTermView *view = self->views->pdata[i];

    if (view->name)
      g_ptr_array_add (names, g_strdup (view->name));
  }
  g_ptr_array_add (names, NULL);
  *status = (VmTermStatus){
    .viewers = (GStrv) g_ptr_array_steal (names, NULL),
    .controller = g_strdup (self->controller),
    .command = g_strdup (self->command),
    .ended = self->ended,
    .code = self->code,
  };
  g_mutex_unlock (&self->lock);
}

gboolean
vm_term_share_has_ended (VmTermShare *self, gint *code)
{
  gboolean ended;

  g_mutex_lock (&self->lock);
  ended = self->ended;
  if (ended && code)
    *code = self->code;
  g_mutex_unlock (&self->lock);
  return ended;
}

void
vm_term_share_hang_up (VmTermShare *self)
{
  g_mutex_lock (&self->lock);
  self->hang_up = TRUE;
  g_mutex_unlock (&self->lock);
  vm_term_share_wake (self);
}

void
vm_term_share_set_changed_func (
    VmTermShare *self, VmTermShareFunc func, gpointer user_data)
{
  g_mutex_lock (&self->lock);
  self->changed = func;
  self->changed_data = user_data;
  g_mutex_unlock (&self->lock);
}

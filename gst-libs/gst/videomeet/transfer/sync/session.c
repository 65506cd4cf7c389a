/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/session.h"

#include "base/json/json.h"
#include "transfer/engine/pacer.h"
#include "transfer/sync/model/manifest.h"

#include <string.h>

#define TELL_TIME (2 * G_USEC_PER_SEC)
#define TELL_STEP 10000 /* µs */
#define REASON_MAX 1024 /* bytes of the text of an ERROR */
static const gchar alive[] = "{}";

static gboolean
is_alive (GBytes *body)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (body, &size);

  return size == sizeof alive - 1 && memcmp (data, alive, size) == 0;
}

/* With lock held. Before the manifest a peer that knows only the base protocol
 * gets a page without entries; after it, nothing. */
static gboolean
say_alive (VmSyncSession *self)
{
  g_autoptr (GBytes) body = NULL;
  guint8 type = VM_P2P_SYNC_PLAN;

  if (self->extended) {
    body = g_bytes_new_static (alive, sizeof alive - 1);
  } else if (!self->manifest_sent) {
    body = vm_sync_pages_wait ();
    type = VM_P2P_MANIFEST;
  } else {
    return TRUE;
  }
  return vm_p2p_pipe_send (
      self->pipe, type, NULL, 0, body, VM_SYNC_SEND_TIME, NULL);
}

static gpointer
run_alive (gpointer data)
{
  VmSyncSession *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (!self->ended) {
    gint64 next = self->last_sent + VM_SYNC_ALIVE_TIME;

    if (g_cond_wait_until (&self->changed, &self->lock, next) || self->ended
        || g_get_monotonic_time () < self->last_sent + VM_SYNC_ALIVE_TIME)
      continue;
    self->last_sent = g_get_monotonic_time ();
    if (!say_alive (self))
      return NULL;
  }
  return NULL;
}

void
vm_sync_session_init (
    VmSyncSession *self, VmP2pPipe *pipe, const VmSyncConfig *config)
{
  *self = (VmSyncSession){ .pipe = pipe, .config = config };
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->last_sent = self->heard = g_get_monotonic_time ();
  self->alive = g_thread_new ("vm-sync-alive", run_alive, self);
}

void
vm_sync_session_stop (VmSyncSession *self)
{
  g_atomic_int_set (&self->stopped, TRUE);
}

/* Ends this side's way of the pipe, when that is needed to wake the thread. */
void
vm_sync_session_clear (VmSyncSession *self)
{
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->alive);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
}

void
vm_sync_session_set_extended (VmSyncSession *self, gboolean extended)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->extended = extended;
}

void
vm_sync_session_mark_manifest (VmSyncSession *self, gboolean sent)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->manifest_sent = sent;
}

/* With lock held, which it gives up while it waits. @until: of one direction.
 */
static void
pace (VmSyncSession *self, gint64 *until, gsize size)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->config->max_rate)
    return;
  while (*until > now && !g_atomic_int_get (&self->stopped)
         && !vm_p2p_pipe_is_over (self->pipe)) {
    g_cond_wait_until (
        &self->changed, &self->lock, MIN (*until, now + G_USEC_PER_SEC / 10));
    now = g_get_monotonic_time ();
  }
  *until = vm_pace (*until, size, self->config->max_rate * 8, now);
}

gboolean
vm_sync_session_send (VmSyncSession *self, guint8 type, gconstpointer head,
    gsize head_size, GBytes *body, GError **error)
{
  gsize size = head_size + (body ? g_bytes_get_size (body) : 0);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  pace (self, &self->paced, size + VM_P2P_HEADER_SIZE);
  if (g_atomic_int_get (&self->stopped)) {
    g_set_error (error, VM_ERROR, VM_ERROR_CANCELLED, "The sync has ended");
    return FALSE;
  }
  self->last_sent = g_get_monotonic_time ();
  self->sent += size + VM_P2P_HEADER_SIZE;
  return vm_p2p_pipe_send (
      self->pipe, type, head, head_size, body, VM_SYNC_SEND_TIME, error);
}

gboolean
vm_sync_session_send_text (
    VmSyncSession *self, guint8 type, GString *text, GError **error)
{
  g_autoptr (GBytes) body = g_string_free_to_bytes (text);

  return vm_sync_session_send (self, type, NULL, 0, body, error);
}

/* An ERROR has the code and the words of the other side. */
static void
set_told (GBytes *body, GError **error)
{
  VmJson json;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  g_autofree gchar *code = NULL, *message = NULL, *shown = NULL;
  VmError number = VM_ERROR_FAILED;

  if (vm_json_read (&json, data, size, NULL)) {
    vm_json_get_string (&json, 0, "code", 64, &code, NULL);
    vm_json_get_string (&json, 0, "message", REASON_MAX, &message, NULL);
  }
  vm_error_from_code (code, &number);
  shown = vm_text_to_name (message ? message : "it failed", REASON_MAX);
  g_set_error (error, VM_ERROR, number, "The other side says: %s", shown);
}

static gboolean
asks_again (GBytes *body)
{
  VmJson json;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  gboolean again = FALSE;

  return vm_json_read (&json, data, size, NULL)
         && vm_json_get_boolean (&json, 0, "again", &again, NULL) && again;
}

/* What is not read waits at the other side: the pipe is bounded. */
static void
pace_received (VmSyncSession *self, gsize size)
{
  g_autoptr (GMutexLocker) locker = NULL;

  if (!self->config->max_rate)
    return;
  locker = g_mutex_locker_new (&self->lock);
  pace (self, &self->paced_in, size);
}

GBytes *
vm_sync_session_receive (
    VmSyncSession *self, gint64 timeout, guint8 *type, GError **error)
{
  for (;;) {
    g_autoptr (GBytes) body =
        vm_p2p_pipe_receive (self->pipe, timeout, type, error);

    if (!body)
      return NULL;
    self->heard = g_get_monotonic_time ();
    self->received += g_bytes_get_size (body) + VM_P2P_HEADER_SIZE;
    if (*type == VM_P2P_ERROR) {
      set_told (body, error);
      return NULL;
    }
    pace_received (self, g_bytes_get_size (body) + VM_P2P_HEADER_SIZE);
    if (*type != VM_P2P_SYNC_PLAN || !self->extended)
      return g_steal_pointer (&body);
    if (is_alive (body))
      continue;
    if (!asks_again (body))
      return g_steal_pointer (&body);
    self->again = TRUE;
    if (timeout < VM_SYNC_PATIENCE) /* nobody waits for something else */
      return g_steal_pointer (&body);
  }
}

void
vm_sync_session_tell (VmSyncSession *self, const GError *why)
{
  GString *text;
  g_autoptr (GBytes) body = NULL;
  g_autofree gchar *message = vm_text_to_name (why->message, REASON_MAX);
  gint64 until = g_get_monotonic_time () + TELL_TIME;
  gboolean locked;

  if (self->told)
    return;
  self->told = TRUE;
  text = g_string_new ("{");
  vm_json_append_member (text, "code", vm_error_get_code (why));
  vm_json_append_member (text, "message", message);
  g_string_append_c (text, '}');
  body = g_string_free_to_bytes (text);
  /* another thread may be sending; it ends when the other side reads on */
  while (!(locked = g_mutex_trylock (&self->lock))
         && g_get_monotonic_time () < until)
    g_usleep (TELL_STEP);
  if (!locked)
    return;
  vm_p2p_pipe_send (self->pipe, VM_P2P_ERROR, NULL, 0, body, TELL_TIME, NULL);
  g_mutex_unlock (&self->lock);
}

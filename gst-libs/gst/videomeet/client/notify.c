/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/notify.h"
#include "base/rates.h"
#include "client/httpclient.h"
#include "client/signalsocket.h"
#include <gst/videomeet/vmerror.h>
#include "base/vmtimer-priv.h"
#include "base/json/json.h"

#include <libsoup/soup.h>
#include <string.h>

#define READ_SIZE 8192 /* bytes at once */
#define TOO_MANY_REQUESTS 429 /* RFC 6585 §4 */
/* Gotify: names of extras have a namespace */
#define EXTRAS "videomeet::event"

struct _VmNotify
{
  gchar *url; /* of POST /message */
  gchar *key;
  VmNotifyTimes times;
  GThread *thread;
  GMainContext *context; /* of vm-notify */
  GMainLoop *loop;

  GMutex lock; /* guards what follows, up to the next blank line */
  GQueue waiting[VM_NOTIFY_N_EVENTS]; /* of GBytes, the oldest first */
  guint turn; /* the event that is next */
  VmRates *rates; /* of users; NULL: none is held back */
  VmNotifyCounts counts;
  GSource *wake; /* that begins to send, or NULL */

  /* of vm-notify */
  SoupSession *session;
  GBytes *current; /* on its way, or to be tried again; NULL: nothing is */
  SoupMessage *message; /* on its way, or NULL */
  VmHttpCancellable *cancellable;
  GInputStream *stream; /* the answer, or NULL */
  gsize read; /* bytes of it */
  GSource *timer; /* of the exchange, or of the pause */
  gboolean timed_out;
  guint pause; /* ms, the next one */
  gboolean failing; /* that was said */
};

/* Messages. Who, and not what: neither what was written nor the name of a room
 * leaves this server (decisions/dialects.md#what-a-notification-says). */

static const struct
{
  const gchar *name;
  const gchar *title;
  const gchar *between, *after; /* who and the other */
  gint priority; /* 4 to 7: with a sound, in Gotify's clients */
} texts[VM_NOTIFY_N_EVENTS] = {
  [VM_NOTIFY_CHAT] = { "chat.message.created", "New message",
      " has written in the chat", "", 4 },
  [VM_NOTIFY_CALL_MISSED] = { "call.missed", "Missed call",
      " has missed a call of ", "", 6 },
  [VM_NOTIFY_SHARE_COMPLETED] = { "share.completed", "Share completed",
      "'s device ", " has completed a share", 3 },
  [VM_NOTIFY_TERMINAL_STARTED] = { "terminal.share.started", "Terminal shared",
      "'s device ", " shares its terminal", 5 },
  [VM_NOTIFY_AGENT_OFFLINE] = { "agent.offline", "Device offline", "'s device ",
      " is not connected any more", 5 },
};

const gchar *
vm_notify_event_to_string (VmNotifyEvent event)
{
  return texts[event].name;
}

static GBytes *
format (VmNotifyEvent event, const gchar *who, const gchar *other)
{
  g_autofree gchar *text = g_strconcat (
      who, texts[event].between, other ? other : "", texts[event].after, NULL);
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "title", texts[event].title);
  vm_json_append_member (out, "message", text);
  vm_json_append_int (out, "priority", texts[event].priority);
  vm_json_append_key (out, "extras");
  g_string_append_c (out, '{');
  vm_json_append_key (out, "client::display");
  g_string_append (out, "{\"contentType\":\"text/plain\"}");
  vm_json_append_key (out, EXTRAS);
  g_string_append_c (out, '{');
  vm_json_append_member (out, "type", texts[event].name);
  vm_json_append_member (out, "who", who);
  if (other)
    vm_json_append_member (out, "other", other);
  g_string_append (out, "}}}");
  return g_string_free_to_bytes (out);
}

/* Sending, on vm-notify */

static void send_next (VmNotify *self);

static gboolean
on_pause_over (gpointer data)
{
  VmNotify *self = data;

  vm_timer_clear (&self->timer);
  send_next (self);
  return G_SOURCE_REMOVE;
}

static gboolean
on_exchange_over (gpointer data)
{
  VmNotify *self = data;

  vm_timer_clear (&self->timer);
  self->timed_out = TRUE;
  vm_http_cancellable_cancel (self->cancellable);
  return G_SOURCE_REMOVE;
}

/* Once until it works again. */
static void
tell_failing (VmNotify *self, const gchar *why)
{
  if (!self->failing)
    g_warning ("notifications do not get through: %s", why);
  self->failing = TRUE;
}

static void
finish (VmNotify *self, guint64 *count)
{
  g_mutex_lock (&self->lock);
  (*count)++;
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&self->current, g_bytes_unref);
  self->pause = self->times.pause;
  send_next (self);
}

static void
try_again (VmNotify *self)
{
  self->timer = vm_timer_new (self->context, self->pause, on_pause_over, self);
  self->pause = MIN (2 * self->pause, self->times.pause_max);
}

static void
take_status (VmNotify *self, guint status)
{
  g_autofree gchar *why = g_strdup_printf ("the server says %u", status);

  if (status >= 200 && status < 300) {
    self->failing = FALSE;
    finish (self, &self->counts.sent);
    return;
  }
  tell_failing (self, why);
  /* anything else will not be taken later either */
  if (status >= 500 || status == TOO_MANY_REQUESTS
      || status == SOUP_STATUS_REQUEST_TIMEOUT)
    try_again (self);
  else
    finish (self, &self->counts.refused);
}

static void
end_exchange (VmNotify *self)
{
  vm_timer_clear (&self->timer);
  g_clear_pointer (&self->cancellable, vm_http_cancellable_unref);
  g_clear_object (&self->stream);
  g_clear_object (&self->message);
}

static void on_read (GObject *stream, GAsyncResult *result, gpointer data);

/* What the server says besides its status is read, so that the connection can
 * be used again, and thrown away. */
static void
read_more (VmNotify *self)
{
  g_input_stream_read_bytes_async (self->stream, READ_SIZE, G_PRIORITY_DEFAULT,
      vm_http_cancellable_get_inner (self->cancellable), on_read, self);
}

static void
on_read (GObject *stream, GAsyncResult *result, gpointer data)
{
  VmNotify *self = data;
  g_autoptr (GBytes) bytes =
      g_input_stream_read_bytes_finish (G_INPUT_STREAM (stream), result, NULL);
  gsize size = bytes ? g_bytes_get_size (bytes) : 0;
  guint status = soup_message_get_status (self->message);

  self->read += size;
  if (size && self->read <= VM_HTTP_BODY_MAX) {
    read_more (self);
    return;
  }
  end_exchange (self);
  if (g_main_loop_is_running (self->loop))
    take_status (self, status);
}

static void
on_sent (GObject *session, GAsyncResult *result, gpointer data)
{
  VmNotify *self = data;
  g_autoptr (GError) error = NULL;

  self->stream =
      soup_session_send_finish (SOUP_SESSION (session), result, &error);
  vm_http_cancellable_told (self->cancellable);
  if (self->stream) {
    read_more (self);
    return;
  }
  end_exchange (self);
  if (!g_main_loop_is_running (self->loop))
    return;
  tell_failing (self, self->timed_out ? "no answer in time" : error->message);
  try_again (self);
}

static void
send_current (VmNotify *self)
{
  self->message = soup_message_new (SOUP_METHOD_POST, self->url);
  /* the key is for this server alone */
  soup_message_add_flags (self->message, SOUP_MESSAGE_NO_REDIRECT);
  soup_message_headers_replace (
      soup_message_get_request_headers (self->message), "X-Gotify-Key",
      self->key);
  soup_message_set_request_body_from_bytes (
      self->message, "application/json", self->current);
  self->cancellable = vm_http_cancellable_new (self->message);
  self->timed_out = FALSE;
  self->read = 0;
  self->timer = vm_timer_new (
      self->context, self->times.exchange, on_exchange_over, self);
  soup_session_send_async (self->session, self->message, G_PRIORITY_DEFAULT,
      vm_http_cancellable_get_inner (self->cancellable), on_sent, self);
}

/* called with lock held */
static GBytes *
pop_next (VmNotify *self)
{
  for (guint i = 0; i < VM_NOTIFY_N_EVENTS; i++) {
    GBytes *next = g_queue_pop_head (&self->waiting[self->turn]);

    self->turn = (self->turn + 1) % VM_NOTIFY_N_EVENTS;
    if (next)
      return next;
  }
  return NULL;
}

static void
send_next (VmNotify *self)
{
  if (!g_main_loop_is_running (self->loop))
    return;
  if (!self->current) {
    g_mutex_lock (&self->lock);
    self->current = pop_next (self);
    g_mutex_unlock (&self->lock);
  }
  if (self->current)
    send_current (self);
}

static gboolean
on_wake (gpointer data)
{
  VmNotify *self = data;

  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->wake, g_source_unref);
  g_mutex_unlock (&self->lock);
  if (!self->current)
    send_next (self);
  return G_SOURCE_REMOVE;
}

static gpointer
run (gpointer data)
{
  VmNotify *self = data;

  g_main_context_push_thread_default (self->context);
  self->session = soup_session_new_with_options ("timeout", 0, "idle-timeout",
      30, "user-agent", "gst-videomeet/" PACKAGE_VERSION, NULL);
  soup_session_set_proxy_resolver (self->session, NULL);
  g_main_loop_run (self->loop);
  vm_timer_clear (&self->timer);
  while (self->message) {
    vm_http_cancellable_cancel (self->cancellable);
    g_main_context_iteration (self->context, TRUE);
  }
  soup_session_abort (self->session);
  g_clear_object (&self->session);
  while (g_main_context_iteration (self->context, FALSE))
    continue;
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* From other threads */

static gboolean
refuse (GError **error, const gchar *what)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, what);
  return FALSE;
}

/* The key goes over TLS, or does not leave this machine. */
static gboolean
read_url (VmNotify *self, const gchar *text, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (text, SOUP_HTTP_URI_FLAGS, NULL);
  const gchar *host = uri ? g_uri_get_host (uri) : NULL;
  const gchar *path;
  gsize size;

  if (!host || !*host || g_uri_get_userinfo (uri) || g_uri_get_query (uri)
      || g_uri_get_fragment (uri)
      || (strcmp (g_uri_get_scheme (uri), "https") != 0
          && (strcmp (g_uri_get_scheme (uri), "http") != 0
              || !vm_signal_host_is_loopback (host))))
    return refuse (error, "A Gotify server is at https://HOST, or at "
                          "http://localhost:PORT of this machine");
  path = g_uri_get_path (uri);
  for (size = strlen (path); size && path[size - 1] == '/'; size--)
    continue;
  {
    g_autofree gchar *whole =
        g_strdup_printf ("%.*s/message", (gint) size, path);

    self->url = g_uri_join (SOUP_HTTP_URI_FLAGS, g_uri_get_scheme (uri), NULL,
        host, g_uri_get_port (uri), whole, NULL, NULL);
  }
  return TRUE;
}

static gboolean
read_key (VmNotify *self, const gchar *key, GError **error)
{
  gsize size = strlen (key);

  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isgraph (key[i]))
      size = 0;
  if (!size || size > VM_NOTIFY_KEY_MAX)
    return refuse (error, "The key of Gotify is empty, too long, or no key");
  self->key = g_strdup (key);
  return TRUE;
}

VmNotify *
vm_notify_new (const gchar *url, const gchar *key, const VmNotifyTimes *times,
    GError **error)
{
  static const VmNotifyTimes usual = { 10 * 1000, 1000, 5 * 60 * 1000,
    VM_NOTIFY_USER_TIME };
  VmNotify *self = g_new0 (VmNotify, 1);

  self->times = times ? *times : usual;
  self->pause = self->times.pause;
  g_mutex_init (&self->lock);
  for (guint i = 0; i < VM_NOTIFY_N_EVENTS; i++)
    g_queue_init (&self->waiting[i]);
  if (self->times.user)
    self->rates =
        vm_rates_new (VM_NOTIFY_USER_BURST, self->times.user * (gint64) 1000);
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  if (read_url (self, url, error) && read_key (self, key, error)) {
    self->thread = g_thread_try_new ("vm-notify", run, self, error);
    if (self->thread)
      return self;
  }
  vm_notify_free (self);
  return NULL;
}

static gboolean
on_quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

/* A loop that is to quit before it runs would not. */
static void
stop (VmNotify *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, on_quit, self->loop, NULL);
  g_source_attach (source, self->context);
  g_thread_join (self->thread);
}

void
vm_notify_free (VmNotify *self)
{
  if (self->thread)
    stop (self);
  if (self->wake) {
    g_source_destroy (self->wake);
    g_source_unref (self->wake);
  }
  for (guint i = 0; i < VM_NOTIFY_N_EVENTS; i++)
    g_queue_clear_full (&self->waiting[i], (GDestroyNotify) g_bytes_unref);
  g_clear_pointer (&self->rates, vm_rates_free);
  g_clear_pointer (&self->current, g_bytes_unref);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->lock);
  g_free (self->url);
  g_free (self->key);
  g_free (self);
}

/* called with lock held */
static void
add (VmNotify *self, VmNotifyEvent event, const gchar *who, const gchar *other)
{
  g_queue_push_tail (&self->waiting[event], format (event, who, other));
  if (self->waiting[event].length > VM_NOTIFY_QUEUE_MAX) {
    g_bytes_unref (g_queue_pop_head (&self->waiting[event]));
    self->counts.dropped++;
  }
  if (!self->wake) {
    self->wake = g_idle_source_new ();
    g_source_set_callback (self->wake, on_wake, self, NULL);
    g_source_attach (self->wake, self->context);
  }
}

void
vm_notify_push (VmNotify *self, VmNotifyEvent event, const gchar *by,
    const gchar *who, const gchar *other)
{
  if (!self)
    return;
  g_mutex_lock (&self->lock);
  if (!self->rates || vm_rates_take (self->rates, by, g_get_monotonic_time ()))
    add (self, event, who, other);
  else
    self->counts.dropped++;
  g_mutex_unlock (&self->lock);
}

void
vm_notify_count (VmNotify *self, VmNotifyCounts *counts)
{
  g_mutex_lock (&self->lock);
  *counts = self->counts;
  g_mutex_unlock (&self->lock);
}

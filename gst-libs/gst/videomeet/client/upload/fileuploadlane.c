/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/upload/fileupload-priv.h"

#include "base/vmtimer-priv.h"
#include "base/json/json-priv.h"
#include "client/refusal.h"

#include <string.h>

#define ATTEMPT_MS (10 * 1000) /* of a request, and of the socket */
/* For the last word to get out. libsoup closes after 5 s of its own, by a timer
 * that it then loses; GLib lets that come 250 ms sooner. */
#define CLOSE_MS 4000
#define TICKET_MAX 128
/* Of a message that comes: replies are small. */
#define REPLY_MAX (256 * 1024)
/* After as long without a word of the device the socket is lost: as long as a
 * chunk that is sent, which its pongs wait behind, may take at the least
 * rate. */
#define DEAD_MS (60 * 1000)

static gint dead_ms = DEAD_MS; /* atomic */

static void attempt (VmUpload *self);

void
vm_upload_end (VmUpload *self, GError *error)
{
  if (!self->ended)
    self->error = error;
  else
    g_clear_error (&error);
  self->ended = TRUE;
  g_main_loop_quit (self->loop);
}

/* A socket that is closing takes nothing more, and will be gone in a moment. */
static gboolean
can_send (VmUpload *self)
{
  return self->socket
         && soup_websocket_connection_get_state (self->socket)
                == SOUP_WEBSOCKET_STATE_OPEN;
}

static gboolean
close_late (gpointer data)
{
  vm_upload_end (data, NULL);
  return G_SOURCE_REMOVE;
}

/* Nothing more is to be said: what was said gets out before the socket goes. */
static void
finish (VmUpload *self)
{
  vm_timer_clear (&self->again);
  if (!self->socket || g_cancellable_is_cancelled (self->cancellable)) {
    vm_upload_end (self, NULL);
    return;
  }
  self->closing = vm_timer_new (self->context, CLOSE_MS, close_late, self);
  soup_websocket_connection_close (
      self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
}

static void flush (VmUpload *self);

static gboolean
on_written (GObject *stream, gpointer data)
{
  VmUpload *self = data;

  vm_send_queue_forget (&self->unsent);
  if (!self->ended)
    flush (self);
  return G_SOURCE_REMOVE;
}

static void
send_item (VmUpload *self, const VmUploadItem *item)
{
  vm_send_queue_add (&self->unsent, self->socket,
      g_bytes_get_size (item->bytes), self->context, G_SOURCE_FUNC (on_written),
      self);
  soup_websocket_connection_send_message (
      self->socket, item->type, item->bytes);
}

/* What is left in the end is no more than QUEUE_MAX messages. */
static void
flush (VmUpload *self)
{
  VmUploadItem *item;
  gboolean over;

  for (;;) {
    g_mutex_lock (&self->lock);
    over = self->over;
    item =
        can_send (self) && (over || self->unsent.bytes < VM_UPLOAD_UNSENT_MAX)
            ? g_queue_pop_head (&self->queue)
            : NULL;
    vm_upload_look_for_room (self);
    g_mutex_unlock (&self->lock);
    if (!item)
      break;
    send_item (self, item);
    vm_upload_item_free (item);
  }
  if (over && !self->closing)
    finish (self);
}

gboolean
vm_upload_flush (gpointer data)
{
  VmUpload *self = data;

  g_mutex_lock (&self->lock);
  self->told = FALSE;
  g_mutex_unlock (&self->lock);
  if (self->ended)
    return G_SOURCE_REMOVE;
  if (!self->begun) {
    self->begun = TRUE;
    attempt (self);
  } else {
    flush (self);
  }
  return G_SOURCE_REMOVE;
}

static gboolean
try_again (gpointer data)
{
  VmUpload *self = data;

  vm_timer_clear (&self->again);
  attempt (self);
  return G_SOURCE_REMOVE;
}

/* Nothing else will do. */
static void
give_up (VmUpload *self, GError *error)
{
  vm_file_sender_fail (self->sender, error);
  vm_upload_end (self, error);
}

/* The present lane is none, for now or, @refused, for good. */
static void
change_lane (VmUpload *self, GError *error, gboolean refused)
{
  gint64 now = g_get_monotonic_time ();
  guint64 done = vm_file_sender_get_done (self->sender);

  g_debug ("another lane than %s: %s",
      vm_lanes_get_address (self->lanes, self->lane), error->message);
  if (done > self->done)
    vm_lanes_advanced (self->lanes);
  self->done = done;
  if (refused)
    vm_lanes_refused (self->lanes, self->lane, now);
  else
    vm_lanes_lost (self->lanes, self->lane, now);
  g_clear_error (&self->last);
  self->last = error;
  attempt (self);
}

void
vm_upload_set_dead_time (guint ms)
{
  g_atomic_int_set (&dead_ms, (gint) ms);
}

/* While the transfer is paused nothing else is said: a machine that has lost
 * its power closes no socket. */
static gboolean
on_look (gpointer data)
{
  VmUpload *self = data;

  if ((g_get_monotonic_time () - self->heard) / 1000
      < g_atomic_int_get (&dead_ms))
    return G_SOURCE_CONTINUE;
  vm_upload_drop_socket (self);
  if (self->closing)
    vm_upload_end (self, NULL);
  else
    change_lane (self,
        g_error_new_literal (
            VM_ERROR, VM_ERROR_TIMEOUT, "The device is not heard any more"),
        FALSE);
  return G_SOURCE_REMOVE;
}

static void
on_pong (SoupWebsocketConnection *socket, GBytes *message, gpointer data)
{
  ((VmUpload *) data)->heard = g_get_monotonic_time ();
}

static void
keep_alive (VmUpload *self)
{
  guint often = (guint) g_atomic_int_get (&dead_ms) / 4;

  self->heard = g_get_monotonic_time ();
  soup_websocket_connection_set_keepalive_interval (
      self->socket, MAX (1, often / 1000));
  g_signal_connect (self->socket, "pong", G_CALLBACK (on_pong), self);
  self->look = vm_timer_new (self->context, often, on_look, self);
}

static void
on_message (
    SoupWebsocketConnection *socket, gint type, GBytes *bytes, gpointer data)
{
  VmUpload *self = data;
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  g_autoptr (GError) error = NULL;
  VmTransferMessage *message =
      vm_transfer_message_read (text ? text : "", size, &error);

  self->heard = g_get_monotonic_time ();
  if (message)
    vm_file_sender_take_message (self->sender, message);
  else
    g_debug ("a reply is passed over: %s", error->message);
}

void
vm_upload_drop_socket (VmUpload *self)
{
  vm_timer_clear (&self->look);
  vm_send_queue_forget (&self->unsent);
  if (!self->socket)
    return;
  g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
  if (!self->ended && !self->closing)
    vm_file_sender_set_lost (self->sender);
  g_mutex_lock (&self->lock);
  self->connected = FALSE;
  /* asked for again by whoever has not got it */
  g_queue_clear_full (&self->queue, vm_upload_item_free);
  vm_upload_look_for_room (self);
  g_mutex_unlock (&self->lock);
}

static void
on_closed (SoupWebsocketConnection *socket, gpointer data)
{
  VmUpload *self = data;
  gushort code = soup_websocket_connection_get_close_code (socket);

  vm_upload_drop_socket (self);
  if (self->closing) {
    vm_upload_end (self, NULL);
    return;
  }
  if (code == SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION)
    give_up (self, g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
                       "The device takes no more of this file"));
  else
    change_lane (self,
        g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
            "The connection to the device was lost"),
        FALSE);
}

static void
on_socket (GObject *source, GAsyncResult *result, gpointer data)
{
  VmUpload *self = data;
  GError *error = NULL;

  self->pending--;
  self->socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);
  if (self->ended) {
    g_clear_object (&self->socket);
    g_clear_error (&error);
    return;
  }
  if (!self->socket) {
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      vm_upload_end (self, error);
    else
      change_lane (self, error, FALSE);
    return;
  }
  vm_lanes_opened (self->lanes, self->lane, g_get_monotonic_time ());
  vm_file_sender_set_lane (self->sender,
      vm_lane_kind_to_string (vm_lanes_get_kind (self->lanes, self->lane)),
      vm_lanes_get_address (self->lanes, self->lane));
  soup_websocket_connection_set_max_incoming_payload_size (
      self->socket, REPLY_MAX);
  g_signal_connect (self->socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (self->socket, "closed", G_CALLBACK (on_closed), self);
  keep_alive (self);
  g_mutex_lock (&self->lock);
  self->connected = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  flush (self);
}

static gchar *
read_ticket (const VmHttpReply *reply, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  gchar *ticket = NULL;
  VmJson json;

  if (reply->status / 100 != 2) {
    g_propagate_error (error, vm_http_reply_to_error (reply));
    return NULL;
  }
  if (!vm_json_read (&json, data ? data : "", size, error)
      || !vm_json_get_string (&json, 0, "ticket", TICKET_MAX, &ticket, error))
    return NULL;
  if (!ticket)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The device's answer has no ticket");
  return ticket;
}

/* What one address says, and another may not. */
static gboolean
is_of_place (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_NOT_FOUND)
         || g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY);
}

static void
on_granted (GObject *source, GAsyncResult *result, gpointer data)
{
  VmUpload *self = data;
  GError *error = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);
  g_autofree gchar *ticket = reply ? read_ticket (reply, &error) : NULL;
  VmSignalSocketConfig config = {
    .base_uri = vm_lanes_get_address (self->lanes, self->lane),
    .path = "/transfer",
    .protocol = "videomeet.file",
    .ticket = ticket,
    .timeout_ms = ATTEMPT_MS,
  };

  self->pending--;
  if (self->ended) {
    g_clear_error (&error);
    return;
  }
  if (ticket) {
    /* what is sent to one device goes on to no other */
    if (!self->key_hash)
      self->key_hash = g_strdup (reply->key_hash);
    config.key_hash = self->key_hash;
    self->pending++;
    vm_signal_socket_open_async (self->session, self->identity, &config,
        self->cancellable, on_socket, self);
  } else if (is_of_place (error)) {
    change_lane (self, error, TRUE);
  } else if (reply
             || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    give_up (self, error);
  } else {
    change_lane (self, error, FALSE);
  }
}

/* Asks for leave over a lane that was chosen. */
static void
ask (VmUpload *self, const gchar *offer)
{
  g_autofree gchar *uri = g_strdup_printf (
      "%s/transfers", vm_lanes_get_address (self->lanes, self->lane));
  g_autoptr (GBytes) body = g_bytes_new (offer, strlen (offer));

  self->pending++;
  vm_http_client_send_async (self->http, "POST", uri, self->key_hash, body,
      ATTEMPT_MS, self->cancellable, on_granted, self);
}

static void
wait_for_lane (VmUpload *self, gint64 now)
{
  gint64 deadline = vm_lanes_get_deadline (self->lanes);

  vm_timer_clear (&self->again);
  self->again = vm_timer_new (self->context,
      (guint) (MAX (deadline - now, 0) / 1000 + 1), try_again, self);
}

static void
attempt (VmUpload *self)
{
  gint64 now = g_get_monotonic_time ();
  g_autofree gchar *offer = NULL;
  GError *failed = vm_file_sender_dup_error (self->sender);

  g_mutex_lock (&self->lock);
  offer = g_strdup (self->offer);
  g_mutex_unlock (&self->lock);
  if (!offer) { /* it has failed before it began */
    g_clear_error (&failed);
    flush (self);
    return;
  }
  if (failed) { /* while nobody could be told: it was cancelled */
    vm_upload_end (self, failed);
    return;
  }
  if (vm_lanes_is_over (self->lanes, now)) {
    give_up (self, g_steal_pointer (&self->last));
    return;
  }
  self->lane = vm_lanes_next (self->lanes, now);
  if (self->lane >= 0)
    ask (self, offer);
  else
    wait_for_lane (self, now);
}

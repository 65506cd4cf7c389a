/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/signalclient-priv.h"
#include "base/json/json.h"
#include "client/linger.h"
#include "client/settle.h"

#include <openssl/rand.h>
#include <string.h>

/* What a server hands on is longer than what it takes (256 KiB) by what it
 * adds, and its `welcome` names up to 128 participants, with their tokens. */
#define MESSAGE_MAX VM_JSON_SIZE_MAX
#define PING_SECONDS 20 /* protocol/signalling.md#messages */
/* without a word; protocol/signalling.md#messages */
#define DEAD_TIME (45 * G_USEC_PER_SEC)
#define PROBE_SECONDS 1 /* between the pings of a probe */
#define PROBE_MS 2500
#define PROBE_ANSWER_MS 1500 /* of it: since the first ping */
#define LOOK_SECONDS 5 /* how often to look whether the server is dead */

G_DEFINE_FINAL_TYPE (VmSignalClient, vm_signal_client, G_TYPE_OBJECT)

void
vm_host_names_free (VmHostNames *names)
{
  g_free (names->device_id);
  g_free (names->user);
  g_free (names->device);
  g_free (names);
}

void
vm_signal_client_set_timer (
    VmSignalClient *self, GSource **source, guint ms, GSourceFunc func)
{
  vm_timer_clear (source);
  *source = vm_timer_new (self->context, ms, func, self);
}

void
vm_signal_client_drop_socket (VmSignalClient *self)
{
  vm_timer_clear (&self->look);
  vm_timer_clear (&self->retry);
  vm_timer_clear (&self->probe);
  vm_signal_client_forget_unsent (self);
  if (self->socket)
    g_signal_handlers_disconnect_by_data (self->socket, self);
  g_clear_object (&self->socket);
  self->resuming = FALSE;
}

static void
end (VmSignalClient *self)
{
  self->over = TRUE;
  vm_timer_clear (&self->ice_due);
  vm_signal_client_drop_socket (self);
  if (self->mesh)
    vm_signal_mesh_stop (self->mesh);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
}

static void
vm_signal_client_dispose (GObject *object)
{
  VmSignalClient *self = VM_SIGNAL_CLIENT (object);

  end (self);
  if (self->session)
    soup_session_abort (self->session);
  g_clear_object (&self->session);
  g_clear_object (&self->http);
  g_clear_object (&self->identity);
  g_clear_object (&self->cancellable);
  G_OBJECT_CLASS (vm_signal_client_parent_class)->dispose (object);
}

static void
clear_config (VmSignalClientConfig *config)
{
  g_free ((gchar *) config->uri);
  g_free ((gchar *) config->base_uri);
  g_free ((gchar *) config->key_hash);
  g_clear_object (&config->store);
  g_free ((gchar *) config->meeting);
  g_free ((gchar *) config->user);
  g_free ((gchar *) config->device);
  g_free ((gchar *) config->pin);
  g_free ((gchar *) config->host_id);
  g_free ((gchar *) config->nonce);
  g_free ((gchar *) config->via);
  g_free ((gchar *) config->origin_id);
  g_free ((gchar *) config->cap_token);
}

static void
vm_signal_client_finalize (GObject *object)
{
  VmSignalClient *self = VM_SIGNAL_CLIENT (object);

  clear_config (&self->config);
  g_free (self->key_hash);
  g_clear_pointer (&self->verifier, vm_host_verifier_unref);
  g_clear_pointer (&self->stranger, vm_host_names_free);
  vm_ice_grant_clear (&self->ice);
  g_free (self->token);
  g_free (self->meeting_id);
  g_clear_pointer (&self->line, vm_line_free);
  g_clear_pointer (&self->mesh, vm_signal_mesh_free);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (vm_signal_client_parent_class)->finalize (object);
}

static void
vm_signal_client_class_init (VmSignalClientClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = vm_signal_client_dispose;
  G_OBJECT_CLASS (klass)->finalize = vm_signal_client_finalize;
}

static void
vm_signal_client_init (VmSignalClient *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->session = vm_http_session_new ();
  vm_settle_watch (self);
}

VmSignalClient *
vm_signal_client_new (VmIdentity *identity, VmSignalClientFunc func,
    VmSignalClientClosedFunc closed, gpointer user_data)
{
  VmSignalClient *self = g_object_new (VM_TYPE_SIGNAL_CLIENT, NULL);

  self->identity = g_object_ref (identity);
  self->func = func;
  self->closed_func = closed;
  self->user_data = user_data;
  self->http = vm_http_client_new (identity);
  return self;
}

/* It is over, and not because we said so. */
void
vm_signal_client_lose (VmSignalClient *self, const GError *error)
{
  g_autoptr (VmSignalClient) alive = g_object_ref (self);

  if (self->over)
    return;
  end (self);
  self->closed_func (self, error, self->user_data);
}

void
vm_signal_client_lose_with (
    VmSignalClient *self, VmError code, const gchar *message)
{
  g_autoptr (GError) error = g_error_new_literal (VM_ERROR, code, message);

  vm_signal_client_lose (self, error);
}

/* Joining */

VmSignal *
vm_signal_client_make_hello (VmSignalClient *self)
{
  VmSignal *hello = vm_signal_new (VM_SIGNAL_HELLO);
  VmSignalParticipant *me = vm_signal_add_participant (hello);

  me->nonce = g_strdup (self->config.nonce);
  me->device = g_strdup (self->config.device);
  me->device_id = g_strdup (vm_identity_get_device_id (self->identity));
  me->call_type = self->config.call_type;
  if (self->config.dialect == VM_DIALECT_NAME_CALL)
    me->user = g_strdup (self->config.user);
  hello->meeting = g_strdup (self->config.meeting);
  hello->takes_sfu = self->config.takes_sfu;
  return hello;
}

void
vm_signal_client_get_place (VmSignalClient *self, VmJanusPlace *place)
{
  place->base_uri = self->config.base_uri;
  place->key_hash = self->key_hash;
  place->identity = self->identity;
}

void
vm_signal_client_say_hello (VmSignalClient *self)
{
  g_autoptr (VmSignal) hello = vm_signal_client_make_hello (self);

  vm_signal_client_send (self, hello);
}

void
vm_signal_client_join_again (VmSignalClient *self)
{
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);

  vm_signal_client_send (self, bye);
  vm_signal_client_say_hello (self);
}

/* Receiving */

void
vm_signal_client_take_token (VmSignalClient *self, const gchar *token)
{
  g_free (self->token);
  self->token = g_strdup (token);
  self->token_is_ticket = FALSE;
}

/* A server that lies about who it is is no host. */
static gboolean
is_believed (VmSignalClient *self, VmSignal *signal)
{
  g_autoptr (GError) error = NULL;

  if (!self->verifier
      || vm_host_verifier_signal (
          self->verifier, signal, g_get_real_time () / G_USEC_PER_SEC, &error))
    return TRUE;
  vm_signal_client_lose (self, error);
  return FALSE;
}

void
vm_signal_client_take_rest (VmSignalClient *self)
{
  VmSignal *signal;

  while (!self->over && (signal = vm_line_more (self->line))) {
    self->welcomed |= signal->type == VM_SIGNAL_WELCOME;
    self->func (self, signal, self->user_data);
    vm_signal_unref (signal);
  }
}

static void
send_replies (VmSignalClient *self)
{
  GBytes *bytes;

  while ((bytes = vm_line_reply (self->line))) {
    vm_signal_client_send_bytes (self, bytes);
    g_bytes_unref (bytes);
  }
}

/* A server of calls answers another registration as it answered the first. */
static void
take_registered (VmSignalClient *self, const VmSignal *welcome)
{
  g_autoptr (VmSignal) news = vm_signal_new (VM_SIGNAL_ICE_SERVERS);

  vm_signal_client_read_ice (self, welcome);
  self->func (self, news, self->user_data);
}

static void
pass_on (VmSignalClient *self, const VmSignal *signal, gboolean again)
{
  if (again && signal->type == VM_SIGNAL_WELCOME
      && self->config.dialect == VM_DIALECT_NAME_CALL) {
    take_registered (self, signal);
    return;
  }
  if (signal->type == VM_SIGNAL_ICE_SERVERS)
    vm_signal_client_read_ice (self, signal);
  self->func (self, signal, self->user_data);
}

static void
take_message (VmSignalClient *self, GBytes *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = vm_line_parse (self->line, message, &error);
  gboolean again = self->welcomed;

  send_replies (self);
  if (error)
    g_debug ("the host's server sent what cannot be read: %s", error->message);
  if (vm_line_has_gap (self->line)) {
    vm_signal_client_lose_with (self, VM_ERROR_BAD_MESSAGE,
        "Messages of the host's server are missing");
    return;
  }
  if (signal && !is_believed (self, signal))
    return;
  if (signal && signal->type == VM_SIGNAL_WELCOME && !self->welcomed) {
    self->welcomed = TRUE;
    g_free (self->meeting_id);
    self->meeting_id = g_strdup (signal->meeting_id);
    if (signal->ice.uris)
      vm_signal_client_read_ice (self, signal);
    /* one that is sent again has a token that was replaced since */
    if (self->token_is_ticket)
      vm_signal_client_take_token (self, signal->resume);
    vm_signal_client_send_ack (self);
  }
  if (signal)
    pass_on (self, signal, again);
  vm_signal_client_take_rest (self);
  if (!self->over && self->mesh)
    vm_signal_mesh_look (self);
  if (!self->over && vm_line_wants_ack (self->line))
    vm_signal_client_send_ack (self);
}

static void
on_message (SoupWebsocketConnection *socket, gint type, GBytes *message,
    VmSignalClient *self)
{
  g_autoptr (VmSignalClient) alive = g_object_ref (self);

  self->last_heard = g_get_monotonic_time ();
  if (type != SOUP_WEBSOCKET_DATA_TEXT)
    return;
  if (self->resuming)
    vm_signal_client_take_answer (self, message);
  else
    take_message (self, message);
}

static void
on_pong (SoupWebsocketConnection *socket, GBytes *payload, VmSignalClient *self)
{
  self->last_heard = g_get_monotonic_time ();
}

/* A server that closes with a word has given the seat back, but for the one
 * that thought us dead; a socket that ends without one is lost. */
static void
on_closed (SoupWebsocketConnection *socket, VmSignalClient *self)
{
  gushort code = soup_websocket_connection_get_close_code (socket);
  g_autoptr (VmSignalClient) alive = g_object_ref (self);

  if (!code || code == SOUP_WEBSOCKET_CLOSE_GOING_AWAY
      || code == SOUP_WEBSOCKET_CLOSE_ABNORMAL)
    vm_signal_client_interrupt (self);
  else
    vm_signal_client_lose_with (self, VM_ERROR_DISCONNECTED,
        "The connection to the host of the meeting was lost");
}

static gboolean
on_look (gpointer data)
{
  VmSignalClient *self = data;

  if (g_get_monotonic_time () - self->last_heard < DEAD_TIME)
    return G_SOURCE_CONTINUE;
  vm_signal_client_interrupt (self);
  return G_SOURCE_REMOVE;
}

void
vm_signal_client_take_socket (
    VmSignalClient *self, SoupWebsocketConnection *socket)
{
  self->socket = socket;
  vm_settle_watch (socket);
  self->last_heard = g_get_monotonic_time ();
  soup_websocket_connection_set_max_incoming_payload_size (socket, MESSAGE_MAX);
  soup_websocket_connection_set_keepalive_interval (socket, PING_SECONDS);
  g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
  g_signal_connect (socket, "pong", G_CALLBACK (on_pong), self);
  g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
  vm_signal_client_set_timer (self, &self->look, LOOK_SECONDS * 1000, on_look);
}

static gboolean
on_probed (gpointer data)
{
  g_autoptr (VmSignalClient) self = g_object_ref (data);

  vm_timer_clear (&self->probe);
  if (g_get_monotonic_time () - self->last_heard < PROBE_ANSWER_MS * 1000)
    soup_websocket_connection_set_keepalive_interval (
        self->socket, PING_SECONDS);
  else
    vm_signal_client_interrupt (self);
  return G_SOURCE_REMOVE;
}

void
vm_signal_client_probe (VmSignalClient *self)
{
  if (self->over || !self->socket || self->resuming || self->probe)
    return;
  soup_websocket_connection_set_keepalive_interval (
      self->socket, PROBE_SECONDS);
  vm_signal_client_set_timer (self, &self->probe, PROBE_MS, on_probed);
}

void
vm_signal_client_set_lost_func (
    VmSignalClient *self, VmSignalClientLostFunc func)
{
  self->lost_func = func;
}

gboolean
vm_signal_client_is_lost (VmSignalClient *self)
{
  return self->lost_at != 0;
}

gboolean
vm_signal_client_was_cut (VmSignalClient *self)
{
  return self->cut;
}

void
vm_signal_client_set_lost (VmSignalClient *self, gint64 lost_at)
{
  gboolean changed = (lost_at != 0) != (self->lost_at != 0);

  self->lost_at = lost_at;
  if (changed && !lost_at)
    self->back_at = g_get_monotonic_time ();
  if (changed && self->lost_func && !self->over)
    self->lost_func (self, lost_at != 0, self->user_data);
}

VmHostVerifier *
vm_signal_client_get_judge (VmSignalClient *self)
{
  return self->verifier;
}

/* Leaving */

/* One masked frame of at most 65,535 bytes, RFC 6455 §5.2. */
static void
append_frame (GByteArray *out, guint8 opcode, const gchar *data, gsize size)
{
  const guint8 brief[] = { 0x80 | opcode, 0x80 | (guint8) size };
  const guint8 extended[] = { 0x80 | opcode, 0x80 | 126, (guint8) (size >> 8),
    (guint8) size };
  guint8 mask[4];

  if (RAND_bytes (mask, sizeof mask) != 1)
    memset (mask, 0, sizeof mask);
  if (size < 126)
    g_byte_array_append (out, brief, sizeof brief);
  else
    g_byte_array_append (out, extended, sizeof extended);
  g_byte_array_append (out, mask, sizeof mask);
  for (gsize i = 0; i < size; i++) {
    guint8 byte = (guint8) data[i] ^ mask[i % 4];

    g_byte_array_append (out, &byte, 1);
  }
}

/* bye and a close frame, written past libsoup: it writes when its context runs,
 * and whoever leaves is often about to end that. */
static void
write_bye (VmSignalClient *self)
{
  GOutputStream *stream = g_io_stream_get_output_stream (
      soup_websocket_connection_get_io_stream (self->socket));
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);
  g_autoptr (GByteArray) frames = g_byte_array_new ();
  g_autoptr (GBytes) bytes = vm_line_format (self->line, bye);
  gsize size = 0;
  const gchar *text = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  if (text)
    append_frame (frames, 1, text, size);
  append_frame (frames, 8, "\x03\xe8", 2);
  if (G_IS_POLLABLE_OUTPUT_STREAM (stream))
    g_pollable_output_stream_write_nonblocking (
        G_POLLABLE_OUTPUT_STREAM (stream), frames->data, frames->len, NULL,
        NULL);
}

gpointer
vm_signal_client_get_state (VmSignalClient *self)
{
  return self->line && self->welcomed ? vm_line_get_state (self->line) : NULL;
}

void
vm_signal_client_abandon (VmSignalClient *self)
{
  if (self->over)
    return;
  if (self->socket)
    g_io_stream_close (
        soup_websocket_connection_get_io_stream (self->socket), NULL, NULL);
  end (self);
}

gboolean
vm_signal_client_is_silent (VmSignalClient *self, guint ms)
{
  return self->lost_at
         || g_get_monotonic_time () - self->last_heard >= ms * (gint64) 1000;
}

void
vm_signal_client_close (VmSignalClient *self)
{
  if (self->over)
    return;
  if (self->socket && !self->resuming
      && soup_websocket_connection_get_state (self->socket)
             == SOUP_WEBSOCKET_STATE_OPEN) {
    write_bye (self);
    g_signal_handlers_disconnect_by_data (self->socket, self);
    vm_linger (g_steal_pointer (&self->socket), self->context);
  }
  end (self);
}

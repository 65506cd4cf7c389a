/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent/agentcontrol-priv.h"
#include "agent/agentgoodbye.h"
#include "agent/agentpeers.h"
#include "base/vmtimer-priv.h"
#include "client/signalsocket.h"

#include <string.h>

#define TOKEN_MAX 4096 /* bytes */

static const gchar *const state_names[N_STATES] = { "idle", "recalling",
  "signing in", "opening", "remembering", "entering", "ready", "pause",
  "over" };

VmAgentControl *
vm_agent_control_ref (VmAgentControl *self)
{
  self->refs++;
  return self;
}

void
vm_agent_control_unref (VmAgentControl *self)
{
  if (--self->refs)
    return;
  g_clear_object (&self->http);
  g_clear_pointer (&self->server_key, vm_server_key_unref);
  g_clear_pointer (&self->keys, g_ptr_array_unref);
  g_hash_table_unref (self->peers);
  g_free (self->server);
  g_free (self->room);
  g_free (self->user);
  g_free (self->pin);
  g_free (self->access_token);
  g_free (self->stun);
  g_free (self->own_id);
  g_free (self->own_device);
  if (self->gone)
    self->gone (self->gone_data);
  g_free (self);
}

static void
enter_state (VmAgentControl *self, State state)
{
  g_debug ("agent: %s, now %s", state_names[self->state], state_names[state]);
  self->state = state;
  self->ready_since = state == STATE_READY ? g_get_monotonic_time () : 0;
}

VmAgentControl *
vm_agent_control_new (const VmAgentControlConfig *config,
    const VmAgentControlFuncs *funcs, gpointer user_data, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (config->server, G_URI_FLAGS_NONE, NULL);
  const gchar *scheme = uri ? g_uri_get_scheme (uri) : "";
  VmAgentControl *self;

  if ((strcmp (scheme, "http") != 0 && strcmp (scheme, "https") != 0)
      || !g_uri_get_host (uri) || !*g_uri_get_host (uri)
      || g_uri_get_query (uri) || g_uri_get_fragment (uri)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "\"%s\" is no address of a server, as https://HOST:PORT or "
        "https://HOST/PATH",
        config->server);
    return NULL;
  }
  self = g_new0 (VmAgentControl, 1);
  self->refs = 1;
  self->funcs = funcs;
  self->user_data = user_data;
  self->server = g_strdup (config->server);
  while (g_str_has_suffix (self->server, "/"))
    self->server[strlen (self->server) - 1] = '\0';
  self->room = g_strdup (config->room);
  self->user = g_strdup (config->user);
  self->pin = g_strdup (config->pin);
  self->own_machine = vm_signal_uri_is_own_machine (config->server);
  self->pause = VM_AGENT_PAUSE_MIN;
  self->http = vm_http_client_new_stranger (self->server);
  if (config->server_key && !self->own_machine
      && strcmp (scheme, "https") == 0) {
    self->server_key = vm_server_key_ref (config->server_key);
    vm_http_client_set_server_key (self->http, self->server_key);
  }
  self->peers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

static void
drop_connection (VmAgentControl *self)
{
  vm_timer_clear (&self->timer);
  if (self->cancellable)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  if (self->socket) {
    g_signal_handlers_disconnect_by_data (self->socket, self);
    if (soup_websocket_connection_get_state (self->socket)
        == SOUP_WEBSOCKET_STATE_OPEN)
      soup_websocket_connection_close (
          self->socket, SOUP_WEBSOCKET_CLOSE_NORMAL, NULL);
  }
  g_clear_object (&self->socket);
  g_clear_object (&self->session);
  g_clear_pointer (&self->own_id, g_free);
  g_hash_table_remove_all (self->peers);
}

void
vm_agent_control_free (VmAgentControl *self)
{
  self->freed = TRUE;
  drop_connection (self);
  enter_state (self, STATE_OVER);
  vm_agent_control_unref (self);
}

void
vm_agent_control_leave (
    VmAgentControl *self, void (*gone) (gpointer data), gpointer data)
{
  self->gone = gone;
  self->gone_data = data;
  if (self->socket)
    vm_agent_goodbye (self->socket, (GDestroyNotify) vm_agent_control_unref,
        vm_agent_control_ref (self));
  vm_agent_control_free (self);
}

gboolean
vm_agent_control_is_ready (VmAgentControl *self)
{
  return self->state == STATE_READY;
}

gint64
vm_agent_control_get_ready_since (VmAgentControl *self)
{
  return self->ready_since;
}

gboolean
vm_agent_control_is_own_machine (VmAgentControl *self)
{
  return self->own_machine;
}

const gchar *
vm_agent_control_get_server (VmAgentControl *self)
{
  return self->server;
}

VmServerKey *
vm_agent_control_get_server_key (VmAgentControl *self)
{
  return self->server_key;
}

/* Failure */

static void begin (VmAgentControl *self);

static gboolean
on_pause_over (gpointer user_data)
{
  VmAgentControl *self = user_data;

  vm_timer_clear (&self->timer);
  begin (self);
  return G_SOURCE_REMOVE;
}

/* Whether to try again is of any use. */
static gboolean
is_passing (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT)
         || g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_ENDED);
}

static void
fail (VmAgentControl *self, const GError *error)
{
  gboolean final = !self->was_ready || !is_passing (error);

  if (self->state == STATE_OVER || self->state == STATE_PAUSE)
    return;
  drop_connection (self);
  enter_state (self, final ? STATE_OVER : STATE_PAUSE);
  if (!final) {
    /* not all at once, when a server comes back */
    guint pause = self->pause / 2 + g_random_int_range (0, self->pause / 2);

    self->timer = vm_timer_new (NULL, pause, on_pause_over, self);
    self->pause = MIN (2 * self->pause, VM_AGENT_PAUSE_MAX);
  }
  self->funcs->lost (error, final, self->user_data);
}

static void
fail_with (VmAgentControl *self, VmError code, const gchar *what)
{
  g_autoptr (GError) error = g_error_new_literal (VM_ERROR, code, what);

  fail (self, error);
}

static GError *
make_error (const gchar *code, const gchar *message)
{
  VmError number = VM_ERROR_FAILED;

  if (g_strcmp0 (code, "ROOM_NOT_FOUND") == 0)
    number = VM_ERROR_MEETING_NOT_FOUND;
  else if (g_strcmp0 (code, "ROOM_FULL") == 0)
    number = VM_ERROR_MEETING_FULL;
  else if (code)
    vm_error_from_code (code, &number);
  return g_error_new (VM_ERROR, number, "%s",
      message ? message : "The server refuses, and does not say why");
}

/* HTTP */

/* The answer, or @error with the server's code. */
gboolean
vm_agent_control_read_reply (VmHttpReply *reply, VmJson *json, GError **error)
{
  g_autofree gchar *code = NULL, *message = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  VmJsonNode node;
  gboolean read = vm_json_read (json, data ? data : "", size, NULL);

  if (read && reply->status >= 200 && reply->status < 300)
    return TRUE;
  node = read ? vm_json_get (json, 0, "error") : VM_JSON_NONE;
  if (node != VM_JSON_NONE && vm_json_type (json, node) == VM_JSON_OBJECT) {
    vm_json_get_string (json, node, "code", VM_MESH_CODE_MAX, &code, NULL);
    vm_json_get_string (
        json, node, "message", VM_MESH_REASON_MAX, &message, NULL);
  }
  if (code)
    g_propagate_error (error, make_error (code, message));
  else if (reply->status == 404 || reply->status == 405)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "This server has no mesh: it answers %u", reply->status);
  else
    g_set_error (error, VM_ERROR,
        reply->status >= 500 ? VM_ERROR_DISCONNECTED : VM_ERROR_BAD_REQUEST,
        "The server answers %u", reply->status);
  return FALSE;
}

/* Entering */

static void
make_stamp (
    VmAgentControl *self, VmMeshEnvelope *envelope, gchar **id, gchar **time)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  *id = g_uuid_string_random ();
  *time = g_date_time_format_iso8601 (now);
  *envelope = (VmMeshEnvelope){ .id = *id,
    .time = *time,
    .from = self->own_id ? self->own_id : "client",
    .to = "server" };
}

static void
send_bytes (VmAgentControl *self, GBytes *bytes)
{
  gsize size;
  g_autofree gchar *text = NULL;

  if (self->socket
      && soup_websocket_connection_get_state (self->socket)
             == SOUP_WEBSOCKET_STATE_OPEN) {
    const gchar *data = g_bytes_get_data (bytes, &size);

    text = g_strndup (data, size);
    soup_websocket_connection_send_text (self->socket, text);
  }
  g_bytes_unref (bytes);
}

static void
say_join (VmAgentControl *self)
{
  g_autofree gchar *id = NULL, *time = NULL;
  VmMeshEnvelope envelope;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self, vm_mesh_write_agent_join (&envelope, self->room));
}

static void
say_hello (VmAgentControl *self)
{
  g_autofree gchar *id = NULL, *time = NULL;
  g_autoptr (GError) error = NULL;
  VmMeshAgentHello hello = { 0 };
  VmMeshEnvelope envelope;

  if (!self->funcs->hello (self->stun, &hello, self->user_data, &error)) {
    fail (self, error);
    return;
  }
  g_free (self->own_device);
  self->own_device = g_strdup (hello.device_id);
  make_stamp (self, &envelope, &id, &time);
  send_bytes (self, vm_mesh_write_agent_hello (&envelope, &hello));
}

static void
take_peer (VmAgentControl *self, const VmMeshNews *news)
{
  if (strcmp (news->peer_id, self->own_id) == 0) {
    if (self->state != STATE_ENTERING)
      return;
    vm_timer_clear (&self->timer);
    self->was_ready = TRUE;
    self->pause = VM_AGENT_PAUSE_MIN;
    enter_state (self, STATE_READY);
    self->funcs->ready (self->user_data);
    return;
  }
  if (g_strcmp0 (news->role, "agent") != 0
      || g_strcmp0 (news->peer_id, self->own_device) == 0
      || g_hash_table_size (self->peers) >= VM_AGENT_PEERS_MAX)
    return;
  g_hash_table_replace (self->peers, g_strdup (news->peer_id),
      g_strdup (news->user ? news->user : ""));
  self->funcs->peers (self->user_data);
}

static void
take_error (VmAgentControl *self, const VmMeshNews *news)
{
  g_autoptr (GError) error = make_error (news->code, news->message);

  /* kicked, or the room is over: the server says so without being asked */
  if (self->state == STATE_ENTERING
      || (!news->in_reply_to
          && (g_error_matches (error, VM_ERROR, VM_ERROR_KICKED)
              || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_ENDED)
              || g_error_matches (error, VM_ERROR, VM_ERROR_NOT_TRUSTED))))
    fail (self, error);
  else
    self->funcs->news (news, self->user_data);
}

static void
take_news (VmAgentControl *self, const VmMeshNews *news)
{
  switch (news->type) {
    case VM_MESH_NEWS_WELCOME:
      if (!self->own_id && news->peer_id) {
        self->own_id = g_strdup (news->peer_id);
        say_join (self);
      }
      break;
    case VM_MESH_NEWS_JOINED:
      if (self->own_id)
        take_peer (self, news);
      break;
    case VM_MESH_NEWS_PRESENCE:
      if (g_strcmp0 (news->status, "offline") == 0
          && g_hash_table_remove (self->peers, news->peer_id))
        self->funcs->peers (self->user_data);
      else if (self->state == STATE_READY)
        self->funcs->news (news, self->user_data);
      break;
    case VM_MESH_NEWS_ERROR:
      take_error (self, news);
      break;
    case VM_MESH_NEWS_OTHER:
      break;
    default:
      if (self->state == STATE_READY)
        self->funcs->news (news, self->user_data);
  }
}

static void
on_message (SoupWebsocketConnection *socket, gint type, GBytes *message,
    VmAgentControl *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmMeshNews) news = vm_mesh_news_read (message, &error);

  if (!news) {
    g_warning ("The server says what cannot be read: %s", error->message);
    return;
  }
  vm_agent_control_ref (self);
  take_news (self, news);
  vm_agent_control_unref (self);
}

static void
on_closed (SoupWebsocketConnection *socket, VmAgentControl *self)
{
  const gchar *why = soup_websocket_connection_get_close_data (socket);
  gboolean superseded = g_strcmp0 (why, "superseded") == 0;
  g_autoptr (GError) error = g_error_new (VM_ERROR,
      superseded ? VM_ERROR_NOT_TRUSTED : VM_ERROR_DISCONNECTED, "%s",
      superseded ? "Another program of this device is connected to the server"
                 : "The connection to the server was lost");

  vm_agent_control_ref (self);
  fail (self, error);
  vm_agent_control_unref (self);
}

static void
enter (VmAgentControl *self)
{
  enter_state (self, STATE_ENTERING);
  say_hello (self);
}

static void
on_remembered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  VmAgentControl *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean good =
      vm_server_key_remember_finish (self->server_key, result, &error);

  if (self->state == STATE_REMEMBERING) {
    if (good)
      enter (self);
    else
      fail (self, error);
  }
  vm_agent_control_unref (self);
}

/* A server of the mesh it is, and holds its key. */
static void
remember_server (VmAgentControl *self)
{
  if (!self->server_key) {
    enter (self);
    return;
  }
  enter_state (self, STATE_REMEMBERING);
  vm_server_key_remember_async (
      self->server_key, on_remembered, vm_agent_control_ref (self));
}

static void
on_socket (GObject *source, GAsyncResult *result, gpointer user_data)
{
  VmAgentControl *self = user_data;
  g_autoptr (GError) error = NULL;
  SoupWebsocketConnection *socket =
      vm_signal_socket_open_finish (SOUP_SESSION (source), result, &error);

  if (self->state != STATE_OPENING || SOUP_SESSION (source) != self->session) {
    g_clear_object (&socket);
  } else if (!socket) {
    /* perhaps the server was started anew, and does not know the session */
    g_clear_pointer (&self->access_token, g_free);
    fail (self, error);
  } else {
    self->socket = socket;
    g_signal_connect (socket, "message", G_CALLBACK (on_message), self);
    g_signal_connect (socket, "closed", G_CALLBACK (on_closed), self);
    remember_server (self);
  }
  vm_agent_control_unref (self);
}

static void
open_socket (VmAgentControl *self)
{
  g_autofree gchar *pin =
      self->pin ? g_uri_escape_string (self->pin, NULL, FALSE) : NULL;
  g_autofree gchar *uri = g_strdup_printf (
      "ws%s/v2/ws%s%s", self->server + 4, pin ? "?pin=" : "", pin ? pin : "");
  const VmSignalSocketConfig config = { .uri = uri,
    .bearer = self->access_token,
    .server_key = self->server_key,
    .timeout_ms = VM_AGENT_ANSWER_TIME };

  enter_state (self, STATE_OPENING);
  vm_http_client_set_bearer (self->http, self->access_token);
  self->session = vm_signal_socket_session_new (uri);
  vm_signal_socket_open_async (self->session, NULL, &config, self->cancellable,
      on_socket, vm_agent_control_ref (self));
}

static void
on_signed_in (GObject *source, GAsyncResult *result, gpointer user_data)
{
  VmAgentControl *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmHttpReply) reply =
      vm_http_client_send_finish (VM_HTTP_CLIENT (source), result, &error);
  g_autofree gchar *token = NULL, *stun = NULL;
  VmJson json;

  if (self->state != STATE_SIGNING_IN) {
    vm_agent_control_unref (self);
    return;
  }
  if (reply && vm_agent_control_read_reply (reply, &json, &error)
      && vm_json_get_string (
          &json, 0, "access_token", TOKEN_MAX, &token, &error)
      && vm_json_get_string (
          &json, 0, "stun", VM_SIGNAL_NAME_MAX, &stun, &error)
      && token) {
    self->access_token = g_steal_pointer (&token);
    g_free (self->stun);
    self->stun = g_steal_pointer (&stun);
    open_socket (self);
  } else if (error) {
    fail (self, error);
  } else {
    fail_with (self, VM_ERROR_BAD_MESSAGE, "The server gives no access token");
  }
  vm_agent_control_unref (self);
}

GString *
vm_agent_control_begin_body (const gchar *key, const gchar *value)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, key, value);
  return out;
}

void
vm_agent_control_send_http (VmAgentControl *self, const gchar *method,
    const gchar *path, GString *body, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree gchar *uri = g_strconcat (self->server, path, NULL);
  g_autoptr (GBytes) bytes = NULL;

  if (body) {
    g_string_append_c (body, '}');
    bytes = g_string_free_to_bytes (body);
  }
  vm_http_client_send_async (self->http, method, uri, NULL, bytes,
      VM_AGENT_ANSWER_TIME, cancellable, callback, user_data);
}

static gboolean
on_too_late (gpointer user_data)
{
  VmAgentControl *self = user_data;

  vm_agent_control_ref (self);
  vm_timer_clear (&self->timer);
  fail_with (self, VM_ERROR_TIMEOUT,
      "The server has not let this device into the room in time");
  vm_agent_control_unref (self);
  return G_SOURCE_REMOVE;
}

static void
sign_in (VmAgentControl *self)
{
  if (self->access_token) {
    open_socket (self);
    return;
  }
  enter_state (self, STATE_SIGNING_IN);
  vm_http_client_set_bearer (self->http, NULL);
  vm_agent_control_send_http (self, "POST", "/v2/sessions",
      vm_agent_control_begin_body ("user", self->user), self->cancellable,
      on_signed_in, vm_agent_control_ref (self));
}

static void
on_recalled (GObject *source, GAsyncResult *result, gpointer user_data)
{
  VmAgentControl *self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean good = vm_server_key_load_finish (self->server_key, result, &error);

  if (self->state == STATE_RECALLING) {
    if (good)
      sign_in (self);
    else
      fail (self, error);
  }
  vm_agent_control_unref (self);
}

static void
begin (VmAgentControl *self)
{
  self->cancellable = g_cancellable_new ();
  self->timer =
      vm_timer_new (NULL, 2 * VM_AGENT_ANSWER_TIME, on_too_late, self);
  if (!self->server_key) {
    sign_in (self);
    return;
  }
  enter_state (self, STATE_RECALLING);
  vm_server_key_load_async (
      self->server_key, on_recalled, vm_agent_control_ref (self));
}

void
vm_agent_control_start (VmAgentControl *self)
{
  g_return_if_fail (self->state == STATE_IDLE);
  begin (self);
}

/* The others */

const gchar *
vm_agent_control_find (VmAgentControl *self, const gchar *name, GError **error)
{
  return vm_agent_peers_find (self->peers, name, error);
}

/* Messages */

gchar *
vm_agent_control_request (
    VmAgentControl *self, const VmMeshAgentRequest *request)
{
  g_autofree gchar *time = NULL;
  VmMeshEnvelope envelope;
  gchar *id;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self, vm_mesh_write_agent_request (&envelope, request));
  return id;
}

gchar *
vm_agent_control_renew (VmAgentControl *self, const VmMeshAbout *about)
{
  g_autofree gchar *time = NULL;
  VmMeshEnvelope envelope;
  gchar *id;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self, vm_mesh_write_about (&envelope, "renew", about));
  return id;
}

void
vm_agent_control_tell (
    VmAgentControl *self, const gchar *word, const VmMeshAbout *about)
{
  g_autofree gchar *id = NULL, *time = NULL;
  VmMeshEnvelope envelope;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self, vm_mesh_write_about (&envelope, word, about));
}

void
vm_agent_control_report (VmAgentControl *self, const gchar *session_id)
{
  g_autofree gchar *id = NULL, *time = NULL;
  VmMeshEnvelope envelope;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (
      self, vm_mesh_write_agent_report (&envelope, self->room, session_id));
}

gchar *
vm_agent_control_take_terminal (
    VmAgentControl *self, const gchar *target, const gchar *cap_token)
{
  g_autofree gchar *time = NULL;
  VmMeshEnvelope envelope;
  gchar *id;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self,
      vm_mesh_write_agent_control (&envelope, self->room, target, cap_token));
  return id;
}

/* To a page that has offered */

void
vm_agent_control_answer_page (VmAgentControl *self, const gchar *page,
    const gchar *sdp, const gchar *identity)
{
  g_autofree gchar *id = NULL, *time = NULL;
  VmMeshEnvelope envelope;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self,
      vm_mesh_write_agent_answer (&envelope, self->room, page, sdp, identity));
}

void
vm_agent_control_send_candidate (VmAgentControl *self, const gchar *page,
    guint mline, const gchar *candidate)
{
  g_autofree gchar *id = NULL, *time = NULL;
  VmMeshEnvelope envelope;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self, vm_mesh_write_agent_candidate (
                        &envelope, self->room, page, mline, candidate));
}

void
vm_agent_control_refuse_page (
    VmAgentControl *self, const gchar *page, const GError *why)
{
  g_autofree gchar *id = NULL, *time = NULL;
  VmMeshEnvelope envelope;

  make_stamp (self, &envelope, &id, &time);
  send_bytes (self, vm_mesh_write_agent_refusal (&envelope, page, why));
}

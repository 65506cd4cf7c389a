/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* STUN and TURN servers of the command line, by libnice's messages: whether
 * each answers, whether it relays, and what kind of NAT is in between. */

#include "doctor/doctor.h"
#include "wire/iceserver.h"

#include <gio/gio.h>
#include <stun/usages/bind.h>
#include <stun/usages/turn.h>
#include <string.h>

#define FIRST_WAIT 500 /* ms until a datagram is sent again; doubles */
#define MESSAGE_MAX 2048 /* bytes */
#define HEADER 20 /* bytes of a STUN message before its attributes */
#define SERVERS_MAX 16 /* asked */

/* The way to a server: datagrams, or a stream. */
typedef struct
{
  GSocket *socket; /* UDP */
  GSocketAddress *to;
  GIOStream *stream; /* TCP or TLS */
} Way;

static void
way_clear (Way *way)
{
  g_clear_object (&way->socket);
  g_clear_object (&way->to);
  g_clear_object (&way->stream);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Way, way_clear)

/* A name that is looked up, for VMT_DOCTOR_TIME at most. */
typedef struct
{
  GMainLoop *loop;
  GCancellable *cancellable;
  GList *addresses;
  GError *error;
} Lookup;

static gboolean
on_late (gpointer user_data)
{
  g_cancellable_cancel (user_data);
  return G_SOURCE_CONTINUE;
}

static void
on_looked_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Lookup *self = user_data;

  self->addresses = g_resolver_lookup_by_name_finish (
      G_RESOLVER (source), result, &self->error);
  g_main_loop_quit (self->loop);
}

/* (transfer full) */
static GSocketAddress *
look_up (const VmIceServer *server, GError **error)
{
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  Lookup self = { g_main_loop_new (NULL, FALSE), g_cancellable_new () };
  guint timer = g_timeout_add (VMT_DOCTOR_TIME, on_late, self.cancellable);
  GSocketAddress *address = NULL;

  g_resolver_lookup_by_name_async (
      resolver, server->host, self.cancellable, on_looked_up, &self);
  g_main_loop_run (self.loop);
  g_source_remove (timer);
  if (self.addresses)
    address = g_inet_socket_address_new (self.addresses->data, server->port);
  else
    g_propagate_error (error, self.error);
  g_resolver_free_addresses (self.addresses);
  g_main_loop_unref (self.loop);
  g_object_unref (self.cancellable);
  return address;
}

/* The answer to @request that @agent takes for one, within VMT_DOCTOR_TIME. */
static gboolean
exchange_datagrams (Way *way, StunAgent *agent, const guint8 *request,
    gsize size, StunMessage *answer, guint8 *in, GError **error)
{
  gint64 end =
      g_get_monotonic_time () + VMT_DOCTOR_TIME * G_TIME_SPAN_MILLISECOND;
  gint64 wait = FIRST_WAIT * G_TIME_SPAN_MILLISECOND;
  gint64 again = 0, now;

  while ((now = g_get_monotonic_time ()) < end) {
    gssize n;

    if (now >= again) {
      if (g_socket_send_to (
              way->socket, way->to, (const gchar *) request, size, NULL, error)
          < 0)
        return FALSE;
      again = now + wait;
      wait *= 2;
    }
    if (!g_socket_condition_timed_wait (
            way->socket, G_IO_IN, MIN (again, end) - now, NULL, NULL))
      continue;
    n = g_socket_receive (way->socket, (gchar *) in, MESSAGE_MAX, NULL, error);
    if (n < 0)
      return FALSE;
    if (stun_agent_validate (agent, answer, in, n, NULL, NULL)
        == STUN_VALIDATION_SUCCESS)
      return TRUE;
  }
  g_set_error_literal (
      error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "it does not answer");
  return FALSE;
}

static gboolean
exchange_stream (Way *way, StunAgent *agent, const guint8 *request, gsize size,
    StunMessage *answer, guint8 *in, GError **error)
{
  GInputStream *input = g_io_stream_get_input_stream (way->stream);
  GOutputStream *output = g_io_stream_get_output_stream (way->stream);
  gsize n, length;

  if (!g_output_stream_write_all (output, request, size, NULL, NULL, error)
      || !g_input_stream_read_all (input, in, HEADER, &n, NULL, error))
    return FALSE;
  length = n == HEADER ? (gsize) in[2] << 8 | in[3] : MESSAGE_MAX;
  if (length > MESSAGE_MAX - HEADER
      || !g_input_stream_read_all (input, in + HEADER, length, &n, NULL, error)
      || n != length
      || stun_agent_validate (agent, answer, in, HEADER + length, NULL, NULL)
             != STUN_VALIDATION_SUCCESS) {
    if (error && !*error)
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
          "what answers is no STUN server");
    return FALSE;
  }
  return TRUE;
}

static gboolean
exchange (Way *way, StunAgent *agent, const guint8 *request, gsize size,
    StunMessage *answer, guint8 *in, GError **error)
{
  if (size == 0) {
    g_set_error_literal (
        error, G_IO_ERROR, G_IO_ERROR_FAILED, "the request cannot be made");
    return FALSE;
  }
  return way->stream
             ? exchange_stream (way, agent, request, size, answer, in, error)
             : exchange_datagrams (
                 way, agent, request, size, answer, in, error);
}

static gchar *
address_to_string (const struct sockaddr_storage *storage, socklen_t size)
{
  g_autoptr (GSocketAddress) address =
      g_socket_address_new_from_native ((gpointer) storage, size);
  g_autofree gchar *text = NULL;
  GInetSocketAddress *inet;

  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return g_strdup ("?");
  inet = G_INET_SOCKET_ADDRESS (address);
  text = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  return g_strdup_printf (strchr (text, ':') ? "[%s]:%u" : "%s:%u", text,
      g_inet_socket_address_get_port (inet));
}

/* Where @way's datagrams come from, as its server sees them. */
static gchar *
ask_binding (Way *way, GError **error)
{
  StunAgent agent;
  StunMessage request, answer;
  guint8 out[MESSAGE_MAX], in[MESSAGE_MAX];
  struct sockaddr_storage mapped = { 0 }, other;
  socklen_t mapped_size = sizeof mapped, other_size = sizeof other;
  gsize size;

  stun_agent_init (&agent, STUN_ALL_KNOWN_ATTRIBUTES,
      STUN_COMPATIBILITY_RFC5389, STUN_AGENT_USAGE_IGNORE_CREDENTIALS);
  size = stun_usage_bind_create (&agent, &request, out, sizeof out);
  if (!exchange (way, &agent, out, size, &answer, in, error))
    return NULL;
  if (stun_usage_bind_process (&answer, (struct sockaddr *) &mapped,
          &mapped_size, (struct sockaddr *) &other, &other_size)
      != STUN_USAGE_BIND_RETURN_SUCCESS) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
        "it does not say by which address it sees this machine");
    return NULL;
  }
  return address_to_string (&mapped, mapped_size);
}

typedef struct
{
  StunAgent agent;
  StunMessage answer;
  guint8 in[MESSAGE_MAX];
  guint8 *user, *password;
  gsize user_size, password_size;
} Allocation;

static StunUsageTurnReturn
allocate (Way *way, Allocation *self, StunMessage *previous, gchar **relay,
    GError **error)
{
  struct sockaddr_storage relayed = { 0 }, mapped, other;
  socklen_t relayed_size = sizeof relayed, mapped_size = sizeof mapped;
  socklen_t other_size = sizeof other;
  guint32 bandwidth, lifetime;
  guint8 out[MESSAGE_MAX];
  StunMessage request;
  StunUsageTurnReturn result;
  gsize size = stun_usage_turn_create (&self->agent, &request, out, sizeof out,
      previous, STUN_USAGE_TURN_REQUEST_PORT_NORMAL, -1, -1, self->user,
      self->user_size, self->password, self->password_size,
      STUN_USAGE_TURN_COMPATIBILITY_RFC5766);

  if (!exchange (way, &self->agent, out, size, &self->answer, self->in, error))
    return STUN_USAGE_TURN_RETURN_INVALID;
  result = stun_usage_turn_process (&self->answer, &relayed, &relayed_size,
      &mapped, &mapped_size, &other, &other_size, &bandwidth, &lifetime,
      STUN_USAGE_TURN_COMPATIBILITY_RFC5766);
  if (result == STUN_USAGE_TURN_RETURN_RELAY_SUCCESS
      || result == STUN_USAGE_TURN_RETURN_MAPPED_SUCCESS)
    *relay = address_to_string (&relayed, relayed_size);
  return result;
}

/* A server frees it by itself after ten minutes; it need not wait so long. */
static void
release (Way *way, Allocation *self)
{
  guint8 in[MESSAGE_MAX], out[MESSAGE_MAX];
  StunMessage request, answer;
  gsize size = stun_usage_turn_create_refresh (&self->agent, &request, out,
      sizeof out, &self->answer, 0, self->user, self->user_size, self->password,
      self->password_size, STUN_USAGE_TURN_COMPATIBILITY_RFC5766);

  exchange (way, &self->agent, out, size, &answer, in, NULL);
}

/* (transfer full): the address at which it relays. */
static gchar *
ask_relay (Way *way, const VmIceServer *server, GError **error)
{
  g_autofree Allocation *self = g_new0 (Allocation, 1);
  StunUsageTurnReturn result;
  gchar *relay = NULL;
  gint code = 0;

  self->user = (guint8 *) server->user;
  self->user_size = server->user ? strlen (server->user) : 0;
  self->password = (guint8 *) server->password;
  self->password_size = server->password ? strlen (server->password) : 0;
  stun_agent_init (&self->agent, STUN_ALL_KNOWN_ATTRIBUTES,
      STUN_COMPATIBILITY_RFC5389, STUN_AGENT_USAGE_LONG_TERM_CREDENTIALS);
  /* the first answer brings the realm and the nonce */
  result = allocate (way, self, NULL, &relay, error);
  if (result == STUN_USAGE_TURN_RETURN_ERROR
      && stun_message_find_error (&self->answer, &code)
             == STUN_MESSAGE_RETURN_SUCCESS
      && code == STUN_ERROR_UNAUTHORIZED) {
    guint8 first[MESSAGE_MAX];
    StunMessage challenge = self->answer;

    memcpy (first, self->in, sizeof first);
    challenge.buffer = first;
    result = allocate (way, self, &challenge, &relay, error);
  }
  if (relay) {
    release (way, self);
    return relay;
  }
  if (error && !*error) {
    stun_message_find_error (&self->answer, &code);
    if (code == STUN_ERROR_UNAUTHORIZED)
      g_set_error_literal (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
          "it refuses the user name or the password");
    else
      g_set_error (error, VM_ERROR, VM_ERROR_FAILED, "it refuses (%d)", code);
  }
  return NULL;
}

static gboolean
open_way (Way *way, const VmIceServer *server, GError **error)
{
  gboolean tls = g_str_equal (server->scheme, "turns");

  if (tls || g_strcmp0 (server->transport, "tcp") == 0) {
    g_autoptr (GSocketClient) client = g_socket_client_new ();
    GSocketConnection *connection;

    g_socket_client_set_timeout (client, VMT_DOCTOR_TIME / 1000);
    g_socket_client_set_tls (client, tls);
    g_socket_client_set_enable_proxy (client, FALSE);
    connection = g_socket_client_connect_to_host (
        client, server->host, server->port, NULL, error);
    if (connection)
      way->stream = G_IO_STREAM (connection);
    return connection != NULL;
  }
  way->to = look_up (server, error);
  if (!way->to)
    return FALSE;
  way->socket = g_socket_new (g_socket_address_get_family (way->to),
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, error);
  if (way->socket)
    g_socket_set_blocking (way->socket, FALSE);
  return way->socket != NULL;
}

static const gchar *
transport_of (const VmIceServer *server)
{
  if (g_str_equal (server->scheme, "turns"))
    return "TLS";
  return g_strcmp0 (server->transport, "tcp") == 0 ? "TCP" : "UDP";
}

static void
check_server (VmtDoctor *self, const gchar *uri)
{
  g_auto (VmIceServer) server = { 0 };
  g_auto (Way) way = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *found = NULL;
  JsonObject *details;
  gboolean turn;
  const gchar *check;

  if (!vm_ice_server_from_uri (&server, uri))
    return;
  turn = !g_str_equal (server.scheme, "stun");
  check = turn ? "turn" : "stun";
  details = json_object_new ();
  json_object_set_string_member (details, "host", server.host);
  json_object_set_int_member (details, "port", server.port);
  json_object_set_string_member (details, "transport", transport_of (&server));
  if (open_way (&way, &server, &error))
    found =
        turn ? ask_relay (&way, &server, &error) : ask_binding (&way, &error);
  if (!found) {
    vmt_doctor_tell (self, check, VMT_FOUND_BAD, details,
        "Check its name, its port and your password; a firewall may block it.",
        "%s:%u over %s: %s.", server.host, server.port, transport_of (&server),
        error ? error->message : "it does not answer as it should");
    return;
  }
  json_object_set_string_member (details, turn ? "relay" : "mapped", found);
  vmt_doctor_tell (self, check, VMT_FOUND_GOOD, details, NULL,
      turn ? "%s:%u over %s relays by %s."
           : "%s:%u over %s sees this machine as %s.",
      server.host, server.port, transport_of (&server), found);
}

/* One socket asks each server that takes datagrams: as many mapped addresses as
 * there are servers make a symmetric NAT (RFC 4787 §4.1). */
static void
check_nat (VmtDoctor *self, GPtrArray *uris)
{
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GPtrArray) mapped = g_ptr_array_new_with_free_func (g_free);
  gboolean differ = FALSE;
  JsonObject *details;

  for (guint i = 0; i < uris->len; i++) {
    g_auto (VmIceServer) server = { 0 };
    g_auto (Way) way = { 0 };
    gchar *address;

    if (!vm_ice_server_from_uri (&server, uris->pdata[i])
        || !g_str_equal (transport_of (&server), "UDP"))
      continue;
    way.to = look_up (&server, NULL);
    if (!way.to)
      continue;
    if (!socket) {
      socket = g_socket_new (g_socket_address_get_family (way.to),
          G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
      if (!socket)
        return;
      g_socket_set_blocking (socket, FALSE);
    }
    if (g_socket_get_family (socket) != g_socket_address_get_family (way.to))
      continue;
    way.socket = g_object_ref (socket);
    address = ask_binding (&way, NULL);
    if (address) {
      differ =
          differ || (mapped->len && !g_str_equal (mapped->pdata[0], address));
      g_ptr_array_add (mapped, address);
    }
  }
  if (mapped->len < 2) {
    vmt_doctor_tell (self, "nat", VMT_FOUND_SKIPPED, NULL, NULL,
        "Two servers that answer over UDP tell the kind of NAT.");
    return;
  }
  details = json_object_new ();
  json_object_set_string_member (
      details, "mapping", differ ? "symmetric" : "endpoint-independent");
  if (differ)
    vmt_doctor_tell (self, "nat", VMT_FOUND_WARNING, details,
        "Give the meeting a TURN server (--turn).",
        "The NAT gives each server another address (symmetric): others beyond "
        "it reach this machine by a TURN server alone.");
  else
    vmt_doctor_tell (self, "nat", VMT_FOUND_GOOD, details, NULL,
        "This machine has one address for all servers, so others can reach it "
        "directly.");
}

void
vmt_doctor_check_servers (VmtDoctor *self)
{
  const VmtOptions *options = self->options;
  g_autoptr (GPtrArray) uris = g_ptr_array_new ();

  if (options->stun)
    g_ptr_array_add (uris, options->stun);
  for (guint i = 0;
       options->turn && options->turn[i] && uris->len < SERVERS_MAX; i++)
    g_ptr_array_add (uris, options->turn[i]);
  for (guint i = 0; i < uris->len; i++)
    check_server (self, uris->pdata[i]);
  if (!options->stun)
    vmt_doctor_tell (self, "stun", VMT_FOUND_SKIPPED, NULL, NULL,
        "No STUN server is given; '--stun stun://HOST:PORT' asks one.");
  if (!options->turn)
    vmt_doctor_tell (self, "turn", VMT_FOUND_SKIPPED, NULL, NULL,
        "No TURN server is given; '--turn turn://USER:PASSWORD@HOST:PORT' asks "
        "one.");
  if (uris->len)
    check_nat (self, uris);
}

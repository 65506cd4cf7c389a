/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The properties of VmRoomServer, and its signal. */

#include "server/vmroomserver-priv.h"
#include "wire/turncredential.h"

enum
{
  PROP_PORT = 1,
  PROP_LOOPBACK,
  PROP_INSECURE,
  PROP_TLS_CERT,
  PROP_TLS_KEY,
  PROP_NAMES,
  PROP_ORIGINS,
  PROP_ROOM_SIZE,
  PROP_MAX_PER_ADDRESS,
  PROP_TRUSTED_PROXIES,
  PROP_ICE_SERVERS,
  PROP_TURN_SERVERS,
  PROP_TURN_SECRET,
  PROP_TURN_LIFETIME,
  PROP_RELAY_ONLY,
  PROP_STATE_FILE,
  PROP_CLUSTER,
  PROP_CLUSTER_CREDENTIALS,
  PROP_CLUSTER_CA,
  PROP_GOTIFY_URL,
  PROP_GOTIFY_KEY,
  PROP_AUTH_KEYS,
  PROP_AUTH_ANY_ROOM,
  PROP_UNMODERATED,
  PROP_SFU_URI,
  PROP_SFU_SECRET,
  PROP_MESH_MAX,
  PROP_MESH_RETURN,
  N_PROPS
};

static GParamSpec *props[N_PROPS];
guint vm_room_server_changed;

static gchar **
text_of (VmRoomServer *self, guint id)
{
  switch (id) {
    case PROP_TLS_CERT:
      return &self->tls_cert;
    case PROP_TLS_KEY:
      return &self->tls_key;
    case PROP_TURN_SECRET:
      return &self->turn_secret;
    case PROP_STATE_FILE:
      return &self->state_file;
    case PROP_CLUSTER:
      return &self->cluster;
    case PROP_CLUSTER_CREDENTIALS:
      return &self->cluster_credentials;
    case PROP_CLUSTER_CA:
      return &self->cluster_ca;
    case PROP_GOTIFY_URL:
      return &self->gotify_url;
    case PROP_GOTIFY_KEY:
      return &self->gotify_key;
    case PROP_AUTH_KEYS:
      return &self->auth_keys;
    case PROP_SFU_URI:
      return &self->sfu_uri;
    case PROP_SFU_SECRET:
      return &self->sfu_secret;
    default:
      return NULL;
  }
}

static gchar ***
list_of (VmRoomServer *self, guint id)
{
  switch (id) {
    case PROP_NAMES:
      return &self->names;
    case PROP_ORIGINS:
      return &self->origins;
    case PROP_TRUSTED_PROXIES:
      return &self->proxies;
    case PROP_ICE_SERVERS:
      return &self->ice_servers;
    case PROP_TURN_SERVERS:
      return &self->turn_servers;
    default:
      return NULL;
  }
}

static guint *
number_of (VmRoomServer *self, guint id)
{
  switch (id) {
    case PROP_PORT:
      return &self->port;
    case PROP_ROOM_SIZE:
      return &self->room_size;
    case PROP_MAX_PER_ADDRESS:
      return &self->max_per_address;
    case PROP_TURN_LIFETIME:
      return &self->turn_lifetime;
    case PROP_MESH_MAX:
      return &self->mesh_max;
    case PROP_MESH_RETURN:
      return &self->mesh_return;
    default:
      return NULL;
  }
}

static void
vm_room_server_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmRoomServer *self = VM_ROOM_SERVER (object);
  gchar **text = text_of (self, id), ***list = list_of (self, id);
  guint *number = number_of (self, id);

  if (text) {
    g_free (*text);
    *text = g_value_dup_string (value);
  } else if (list) {
    g_strfreev (*list);
    *list = g_value_dup_boxed (value);
  } else if (number) {
    *number = g_value_get_uint (value);
  } else if (id == PROP_LOOPBACK) {
    self->loopback = g_value_get_boolean (value);
  } else if (id == PROP_INSECURE) {
    self->insecure = g_value_get_boolean (value);
  } else if (id == PROP_RELAY_ONLY) {
    self->relay_only = g_value_get_boolean (value);
  } else if (id == PROP_AUTH_ANY_ROOM) {
    self->auth_any_room = g_value_get_boolean (value);
  } else if (id == PROP_UNMODERATED) {
    self->unmoderated = g_value_get_boolean (value);
  } else {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_room_server_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmRoomServer *self = VM_ROOM_SERVER (object);
  gchar **text = text_of (self, id), ***list = list_of (self, id);
  guint *number = number_of (self, id);

  if (text)
    g_value_set_string (value, *text);
  else if (list)
    g_value_set_boxed (value, *list);
  else if (number)
    g_value_set_uint (value, *number);
  else if (id == PROP_LOOPBACK)
    g_value_set_boolean (value, self->loopback);
  else if (id == PROP_INSECURE)
    g_value_set_boolean (value, self->insecure);
  else if (id == PROP_RELAY_ONLY)
    g_value_set_boolean (value, self->relay_only);
  else if (id == PROP_AUTH_ANY_ROOM)
    g_value_set_boolean (value, self->auth_any_room);
  else if (id == PROP_UNMODERATED)
    g_value_set_boolean (value, self->unmoderated);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)

static void
make_numbers (void)
{
  /**
   * VmRoomServer:port:
   *
   * The TCP port to listen on; taken is an error. 0: the system chooses.
   *
   * Since: 0.1
   */
  props[PROP_PORT] = g_param_spec_uint (
      "port", "Port", "TCP port; 0: the system chooses", 0, 65535, 0, FLAGS);
  /**
   * VmRoomServer:loopback:
   *
   * Whether to listen on loopback alone, in plain HTTP: behind a proxy on the
   * same machine.
   *
   * Since: 0.1
   */
  props[PROP_LOOPBACK] = g_param_spec_boolean ("loopback", "Loopback",
      "Listen on loopback alone, in plain HTTP", FALSE, FLAGS);
  /**
   * VmRoomServer:insecure:
   *
   * Whether to speak plain HTTP on every interface.
   *
   * Since: 0.1
   */
  props[PROP_INSECURE] = g_param_spec_boolean (
      "insecure", "Insecure", "Plain HTTP everywhere", FALSE, FLAGS);
  /**
   * VmRoomServer:room-size:
   *
   * The seats of each room;
   * vm_room_server_start() takes 2 to 128.
   *
   * Since: 0.1
   */
  props[PROP_ROOM_SIZE] = g_param_spec_uint (
      "room-size", "Room size", "Seats of each room", 0, G_MAXUINT, 10, FLAGS);
  /**
   * VmRoomServer:max-per-address:
   *
   * How many connections one address may have, and how many rooms it may have
   * begun.
   *
   * Since: 0.1
   */
  props[PROP_MAX_PER_ADDRESS] =
      g_param_spec_uint ("max-per-address", "Most per address",
          "Connections of one address", 1, G_MAXUINT, 64, FLAGS);
}

static void
make_texts (void)
{
  /**
   * VmRoomServer:tls-cert:
   *
   * A file with a certificate (PEM) for the names by which browsers reach this
   * server; %NULL: the device's own certificate for everybody.
   *
   * Since: 0.1
   */
  props[PROP_TLS_CERT] = g_param_spec_string (
      "tls-cert", "TLS certificate", "File, PEM", NULL, FLAGS);
  /**
   * VmRoomServer:tls-key:
   *
   * A file with the private key of #VmRoomServer:tls-cert; %NULL: in the same
   * file.
   *
   * Since: 0.1
   */
  props[PROP_TLS_KEY] =
      g_param_spec_string ("tls-key", "TLS key", "File, PEM", NULL, FLAGS);
  /**
   * VmRoomServer:turn-secret:
   *
   * The secret that is shared with #VmRoomServer:turn-servers
   * (`static-auth-secret` of coturn).
   *
   * Since: 0.1
   */
  props[PROP_TURN_SECRET] = g_param_spec_string (
      "turn-secret", "TURN secret", "Shared with the TURN server", NULL, FLAGS);
  /**
   * VmRoomServer:state-file:
   *
   * A file that vm_room_server_stop() writes and vm_room_server_start() reads
   * and removes: native participants who come back within 30 s have the seats
   * they had, and miss nothing. %NULL: rooms end with the server.
   *
   * Since: 0.1
   */
  props[PROP_STATE_FILE] = g_param_spec_string ("state-file", "State file",
      "In which rooms outlast a restart", NULL, FLAGS);
}

static void
make_auth (void)
{
  /**
   * VmRoomServer:auth-keys:
   *
   * What verifies the tokens (JSON Web Token, RFC 7519) of those who are
   * admitted: one to four public keys of P-256 (PEM), for ES256, or a secret of
   * 32 to 1,024 bytes, for HS256. A token says until when it is good (`exp`)
   * and for which room (`room_id`, `aud`), see #VmRoomServer:auth-any-room; or,
   * for users who call each other, for whom (`sub`). It may say from when on
   * (`nbf`). %NULL: everybody is admitted.
   *
   * Since: 0.1
   */
  props[PROP_AUTH_KEYS] = g_param_spec_string (
      "auth-keys", "Authorisation keys", "PEM, or a secret", NULL, FLAGS);
  /**
   * VmRoomServer:auth-any-room:
   *
   * Whether a token that names no room is good for all: whatever else the keys
   * of #VmRoomServer:auth-keys have signed, which has an `exp`, is then.
   *
   * Since: 0.1
   */
  props[PROP_AUTH_ANY_ROOM] =
      g_param_spec_boolean ("auth-any-room", "Tokens without a room",
          "Whether they are good for every room", FALSE, FLAGS);
  /**
   * VmRoomServer:unmoderated:
   *
   * Whether nobody moderates the rooms: else the earliest participant that
   * speaks the native dialect, whoever that is, may remove and mute others and
   * lock the room.
   *
   * Since: 0.1
   */
  props[PROP_UNMODERATED] = g_param_spec_boolean ("unmoderated", "Unmoderated",
      "Whether nobody moderates the rooms", FALSE, FLAGS);
}

static void
make_cluster (void)
{
  /**
   * VmRoomServer:cluster:
   *
   * A NATS server with JetStream, `nats://` or `tls://`, at which other servers
   * hold the same rooms: whoever comes to one of them meets those who came to
   * others, and may come back to any. All have the same identity and the same
   * settings. Not with #VmRoomServer:state-file. %NULL: the rooms are this
   * server's alone.
   *
   * Since: 0.1
   */
  props[PROP_CLUSTER] = g_param_spec_string ("cluster", "Cluster",
      "NATS server of those that hold the same rooms", NULL, FLAGS);
  /**
   * VmRoomServer:cluster-credentials:
   *
   * A file of credentials for it, as NATS writes them (`.creds`), or %NULL.
   *
   * Since: 0.1
   */
  props[PROP_CLUSTER_CREDENTIALS] = g_param_spec_string ("cluster-credentials",
      "Cluster credentials", "File of credentials for NATS", NULL, FLAGS);
  /**
   * VmRoomServer:cluster-ca:
   *
   * A file, PEM, of whom its certificate must be signed by, with `tls://`;
   * %NULL: by whom this machine trusts.
   *
   * Since: 0.1
   */
  props[PROP_CLUSTER_CA] = g_param_spec_string ("cluster-ca", "Cluster CA",
      "Whom NATS's certificate must be signed by", NULL, FLAGS);
}

static void
make_sfu (void)
{
  /**
   * VmRoomServer:sfu-uri:
   *
   * A Janus server with the videoroom plugin, `janus+ws://host:port/`, on this
   * machine or a network of its own: sound and pictures of a room with more
   * than #VmRoomServer:mesh-max participants go by it, where all of them are
   * devices or pages of this project. Not with #VmRoomServer:cluster. %NULL:
   * they go from each to each, however many there are.
   *
   * Since: 0.3
   */
  props[PROP_SFU_URI] = g_param_spec_string (
      "sfu-uri", "SFU URI", "Janus server of large rooms", NULL, FLAGS);
  /**
   * VmRoomServer:sfu-secret:
   *
   * The API secret of the server at #VmRoomServer:sfu-uri, which no participant
   * learns, or %NULL.
   *
   * Since: 0.3
   */
  props[PROP_SFU_SECRET] = g_param_spec_string (
      "sfu-secret", "SFU secret", "API secret of Janus", NULL, FLAGS);
  /**
   * VmRoomServer:mesh-max:
   *
   * The most participants of a room that is no matter of the SFU;
   * vm_room_server_start() takes 2 to #VmRoomServer:room-size. 0: 6, or the
   * size of a room where that is less.
   *
   * Since: 0.3
   */
  props[PROP_MESH_MAX] = g_param_spec_uint ("mesh-max", "Mesh size",
      "Participants of a room without the SFU", 0, G_MAXUINT, 0, FLAGS);
  /**
   * VmRoomServer:mesh-return:
   *
   * Seconds for which a room at the SFU has had few participants, when it
   * leaves it; vm_room_server_start() takes 1 to 3600. 0: 60.
   *
   * Since: 0.3
   */
  props[PROP_MESH_RETURN] = g_param_spec_uint ("mesh-return", "Mesh return",
      "Seconds until a small room leaves the SFU", 0, G_MAXUINT, 0, FLAGS);
}

static void
make_gotify (void)
{
  /**
   * VmRoomServer:gotify-url:
   *
   * Where a Gotify server is that is told of missed calls, chat in the mesh,
   * what its agents share, and when one is gone: `https://push.example.org`, or
   * `http://` on this machine. Nobody waits for it. %NULL: none is told.
   *
   * Since: 0.1
   */
  props[PROP_GOTIFY_URL] = g_param_spec_string (
      "gotify-url", "Gotify URL", "Whom to tell what happens", NULL, FLAGS);
  /**
   * VmRoomServer:gotify-key:
   *
   * The token of the application at #VmRoomServer:gotify-url, 1 to 256 bytes.
   *
   * Since: 0.1
   */
  props[PROP_GOTIFY_KEY] = g_param_spec_string (
      "gotify-key", "Gotify key", "Token of an application", NULL, FLAGS);
}

static void
make_lists (void)
{
  /**
   * VmRoomServer:names:
   *
   * Names by which this server may be asked for (`Host`), besides its addresses
   * and those of #VmRoomServer:tls-cert.
   *
   * Since: 0.1
   */
  props[PROP_NAMES] = g_param_spec_boxed (
      "names", "Names", "Names of this server", G_TYPE_STRV, FLAGS);
  /**
   * VmRoomServer:origins:
   *
   * Sites whose pages are admitted besides its own, as `https://example.org`.
   *
   * Since: 0.1
   */
  props[PROP_ORIGINS] = g_param_spec_boxed (
      "origins", "Origins", "Sites that are admitted", G_TYPE_STRV, FLAGS);
  /**
   * VmRoomServer:trusted-proxies:
   *
   * Addresses and networks, as `10.0.0.0/8`, of proxies whose `X-Forwarded-For`
   * is believed.
   *
   * Since: 0.1
   */
  props[PROP_TRUSTED_PROXIES] = g_param_spec_boxed ("trusted-proxies",
      "Trusted proxies", "Addresses and networks", G_TYPE_STRV, FLAGS);
  /**
   * VmRoomServer:ice-servers:
   *
   * STUN and TURN servers that everybody is told as they are:
   * `stun://host:port`, `turn://user:password@host:port`.
   *
   * Since: 0.1
   */
  props[PROP_ICE_SERVERS] = g_param_spec_boxed (
      "ice-servers", "ICE servers", "URIs", G_TYPE_STRV, FLAGS);
  /**
   * VmRoomServer:turn-servers:
   *
   * TURN servers without user and password, `turn://host:port`: everybody who
   * joins is told some that are made of #VmRoomServer:turn-secret and good for
   * #VmRoomServer:turn-lifetime, and others in a long call.
   *
   * Since: 0.1
   */
  props[PROP_TURN_SERVERS] = g_param_spec_boxed (
      "turn-servers", "TURN servers", "URIs", G_TYPE_STRV, FLAGS);
  /**
   * VmRoomServer:turn-lifetime:
   *
   * Seconds for which a user and password of #VmRoomServer:turn-servers are
   * good; vm_room_server_start() takes 60 to 604,800.
   *
   * Since: 0.2
   */
  props[PROP_TURN_LIFETIME] = g_param_spec_uint ("turn-lifetime",
      "TURN lifetime", "Seconds for which a TURN password is good", 0,
      G_MAXUINT, VM_TURN_LIFETIME, FLAGS);
  /**
   * VmRoomServer:relay-only:
   *
   * Whether participants are asked to reach each other by the TURN servers
   * alone, so that none learns the address of another.
   *
   * Since: 0.2
   */
  props[PROP_RELAY_ONLY] = g_param_spec_boolean ("relay-only", "Relay only",
      "Ask participants to use TURN servers alone", FALSE, FLAGS);
}

void
vm_room_server_install (GObjectClass *klass)
{
  klass->set_property = vm_room_server_set_property;
  klass->get_property = vm_room_server_get_property;
  make_numbers ();
  make_texts ();
  make_auth ();
  make_cluster ();
  make_gotify ();
  make_sfu ();
  make_lists ();
  g_object_class_install_properties (klass, N_PROPS, props);
  /**
   * VmRoomServer::room-changed:
   * @self: the server
   * @id: which room: a uuid, of a room of this name another time another one
   * @participants: how many are in it now; 0: it is gone
   *
   * Somebody has come or gone. Changes that follow each other closely are told
   * as one.
   *
   * Since: 0.1
   */
  vm_room_server_changed =
      g_signal_new ("room-changed", VM_TYPE_ROOM_SERVER, G_SIGNAL_RUN_LAST, 0,
          NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_UINT);
}

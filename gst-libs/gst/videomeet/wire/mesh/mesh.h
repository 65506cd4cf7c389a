/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/room/roomwire.h"

/* The mesh dialect (protocol/mesh.md#envelope, protocol/mesh.md#codes): an
 * envelope with a payload, between a server and its clients, which are pages,
 * and agents, which are devices. It has more than the server's model of
 * signalling, so it is not a VmDialect: the part that it shares with the others
 * is a VmSignal inside. Sans-I/O: ids and times are arguments. */

#define VM_MESH_ENDPOINTS_MAX 8 /* of an agent */
#define VM_MESH_FINGERPRINT_MAX \
  128 /* bytes; SHA-256 in hex with colons has 95 */
#define VM_MESH_FINGERPRINT_SIZE 32 /* bytes */
#define VM_MESH_CERTIFICATE_MAX 4096 /* bytes of PEM */
#define VM_MESH_INSTANCE_MAX 32 /* letters and digits */
#define VM_MESH_CODE_MAX 64 /* bytes */
#define VM_MESH_REASON_MAX 1024 /* bytes */
#define VM_MESH_IDENTITY_MAX 512 /* bytes of the signature of an answer */

typedef enum
{
  VM_MESH_HELLO, /* system.hello */
  VM_MESH_ROOM_JOIN,
  VM_MESH_PRESENCE, /* presence.update */
  VM_MESH_CHAT, /* chat.message.send */
  VM_MESH_OFFER, /* rtc.* */
  VM_MESH_ANSWER,
  VM_MESH_ICE,
  VM_MESH_P2P_REQUEST, /* p2p.session.* */
  VM_MESH_P2P_CANDIDATES,
  VM_MESH_P2P_RENEW,
  VM_MESH_P2P_RELAY,
  VM_MESH_P2P_DENIED,
  VM_MESH_P2P_CLOSED,
  VM_MESH_TERMINAL_TAKE, /* terminal.control.* */
  VM_MESH_TERMINAL_RELEASE,
  VM_MESH_SHARE_COMPLETED,
  VM_MESH_TERMINAL_STARTED, /* terminal.share.started */
  VM_MESH_ERROR,
  VM_MESH_N_TYPES
} VmMeshType;

typedef enum
{
  VM_MESH_FILE,
  VM_MESH_FOLDER,
  VM_MESH_TERMINAL,
  VM_MESH_N_KINDS
} VmMeshKind;

const gchar *vm_mesh_type_to_string (VmMeshType type);
const gchar *vm_mesh_kind_to_string (VmMeshKind kind);
gboolean vm_mesh_kind_from_string (const gchar *name, VmMeshKind *kind);

/* An address by which an agent may be reached. */
typedef struct
{
  gchar *ip;
  guint16 port;
  gboolean reflexive; /* as others see it */
} VmMeshEndpoint;

void vm_mesh_endpoint_free (gpointer endpoint);
VmMeshEndpoint *
vm_mesh_endpoint_new (const gchar *ip, guint16 port, gboolean reflexive);
/* Whether datagrams may be sent there on the word of somebody else: to no
 * multicast, broadcast or unspecified address; to this machine only if
 * @own_machine says that both are on it. */
gboolean vm_mesh_endpoint_is_usable (
    const VmMeshEndpoint *endpoint, gboolean own_machine);
/* The 32 bytes of SHA-256 in hexadecimal, with or without colons. */
gboolean vm_mesh_fingerprint_read (
    const gchar *text, guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE]);

/* One message of a client. An absent field is NULL, or -1. */
typedef struct
{
  VmMeshType type;
  gchar *room_id;
  gchar *target_peer_id;
  gchar *target_device_id;
  gchar *cap_token; /* of any size */
  gchar *session_id;

  /* of system.hello */
  gboolean agent;
  gchar *version;
  gchar *device_id;
  gchar *device; /* its own name */
  gchar *instance; /* of one that only asks; or NULL */
  gchar *fingerprint; /* of its QUIC certificate */
  gchar *certificate; /* of its device key, PEM */
  gchar *fingerprint_signature; /* by that key */
  gboolean gathers; /* it tells the candidates of each session */
  gboolean terminal; /* it shares one */
  GPtrArray *endpoints; /* of VmMeshEndpoint */

  /* of p2p.session.request */
  VmMeshKind kind;
  gint64 size; /* of meta */
  /* of that and of p2p.session.candidates, like @endpoints */
  GPtrArray *candidates;

  /* of p2p.session.denied, and of an error about @target_peer_id */
  gchar *code, *reason;

  gchar *identity; /* of rtc.answer: whose it is, signed */

  /* of presence, chat and rtc.*: in the model's form */
  VmSignal *signal;
} VmMeshMessage;

void vm_mesh_message_free (VmMeshMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeshMessage, vm_mesh_message_free)

/* @id: the message's id if it can be read, even if the rest cannot; or NULL.
 * @peers: of this connection. VM_ERROR_BAD_MESSAGE. */
VmMeshMessage *
vm_mesh_read (VmRoomPeers *peers, GBytes *bytes, gchar **id, GError **error);

/* The SDP of rtc.offer and rtc.answer, a member of @payload. */
gboolean vm_mesh_read_sdp (
    const VmJson *json, VmJsonNode payload, VmSignal *signal, GError **error);

/* The list @key of @payload, if it is there, of at most VM_MESH_ENDPOINTS_MAX.
 */
gboolean vm_mesh_read_endpoints (const VmJson *json, VmJsonNode payload,
    const gchar *key, GPtrArray *endpoints, GError **error);

/* Whether a description has a screen: a video marked "a=content:slides" (RFC
 * 4796 §5), or a second video that is sent. */
gboolean vm_mesh_has_screen (VmSpan sdp);

/* Writing (meshwrite.c) */

typedef struct
{
  const gchar *id; /* uuid */
  const gchar *time; /* ISO 8601 */
  const gchar *from;
  const gchar *to;
} VmMeshEnvelope;

/* The message up to its payload's first member, and its end. Write the members
 * between them with vm_json_append_*. */
GString *vm_mesh_begin (const VmMeshEnvelope *envelope, const gchar *type);
GBytes *vm_mesh_end (GString *out);

GBytes *vm_mesh_write_welcome (
    const VmMeshEnvelope *envelope, const gchar *peer_id, const gchar *user_id);
/* Who has joined. */
typedef struct
{
  const gchar *peer_id, *role;
  const gchar *user; /* of an agent: the name of its user; or NULL */
  gboolean terminal; /* of an agent: it shares one */
} VmMeshJoined;
GBytes *vm_mesh_write_joined (const VmMeshEnvelope *envelope,
    const gchar *room_id, const VmMeshJoined *joined);
GBytes *vm_mesh_write_presence (
    const VmMeshEnvelope *envelope, const gchar *peer_id, const gchar *status);
/* chat.message.created, or rtc.* to this connection: NULL when the dialect has
 * no such message. @peers: of this connection. */
GBytes *vm_mesh_write_signal (const VmMeshEnvelope *envelope,
    VmRoomPeers *peers, const gchar *room_id, const VmSignal *signal);
/* rtc.* between a page and an agent, as it came in @message. @auth: to the
 * agent, of the page; or NULL. */
typedef struct
{
  const gchar *user_id, *user;
} VmMeshAuth;
GBytes *vm_mesh_write_passed (const VmMeshEnvelope *envelope,
    const VmMeshMessage *message, const VmMeshAuth *auth);
/* terminal.share.started of the agent @device_id. */
GBytes *vm_mesh_write_terminal_started (const VmMeshEnvelope *envelope,
    const gchar *room_id, const gchar *device_id, const gchar *user);
/* @in_reply_to: id of a message, or NULL. */
GBytes *vm_mesh_write_error (const VmMeshEnvelope *envelope,
    const GError *error, const gchar *in_reply_to);
/* The code of an error in this dialect: it says room instead of meeting. */
const gchar *vm_mesh_code (const GError *error);

/* p2p.session.created to one side. */
typedef struct
{
  const gchar *session_id;
  VmMeshKind kind;
  gint64 expires_in; /* seconds */
  const gchar *session_token;
  const gchar *cap_token; /* to the target; or NULL */
  /* of the other side; NULL: not told */
  const gchar *fingerprint;
  const gchar *device_id;
  const gchar *peer_id; /* where it is not the device id */
  const gchar *device;
  const gchar *user_id;
  const gchar *user;
  const gchar *certificate;
  const gchar *fingerprint_signature;
  gboolean gathers; /* its candidates follow */

  const gchar *relay_ticket; /* or NULL */
  /* of VmMeshEndpoint, of the requester and of the target; at least one of
   * each, the first of which is the base protocol's */
  GPtrArray *a, *b;
} VmMeshCreated;
GBytes *vm_mesh_write_created (
    const VmMeshEnvelope *envelope, const VmMeshCreated *created);
/* p2p.session.@word about a session: candidates, renewed, relay, denied,
 * revoked. What is NULL is left out. */
typedef struct
{
  const gchar *session_id;
  GPtrArray *candidates; /* of VmMeshEndpoint */
  const gchar *cap_token;
  const gchar *relay_ticket;
  const gchar *code, *reason;
} VmMeshAbout;
GBytes *vm_mesh_write_about (const VmMeshEnvelope *envelope, const gchar *word,
    const VmMeshAbout *about);
void vm_mesh_append_endpoints (
    GString *out, const gchar *key, const GPtrArray *endpoints);
/* terminal.control.@word. @expires_in: seconds, or -1. */
GBytes *vm_mesh_write_terminal (const VmMeshEnvelope *envelope,
    const gchar *word, const gchar *room_id, const gchar *device_id,
    const gchar *peer_id, gint64 expires_in);

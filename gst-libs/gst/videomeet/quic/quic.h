/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/p2p/hello.h"
#include "wire/p2p/pipe.h"

#include <gst/videomeet/vmidentity.h>

#include <netinet/in.h>

/* QUIC between two devices (protocol/agents.md#connection): one UDP socket and
 * one thread, "vm-quic", for all sessions of an endpoint. Everything here may
 * be called from any thread, and blocks only where it says so. */

#define VM_QUIC_ALPN "vm-mesh/2"
#define VM_QUIC_CANDIDATES_MAX 8
#define VM_QUIC_FINGERPRINT_SIZE 32 /* bytes: SHA-256 */
#define VM_QUIC_HANDSHAKE_TIME (10 * G_USEC_PER_SEC)
#define VM_QUIC_IDLE_TIME (30 * G_USEC_PER_SEC)
/* The asking side says something when there was nothing for so long. */
#define VM_QUIC_PING_TIME (3 * G_USEC_PER_SEC)
/* A way on which nothing comes for so long is left for the relay, if there is
 * one. */
#define VM_QUIC_SILENCE_MAX (6 * G_USEC_PER_SEC)
/* The largest datagram of an endpoint; a relay carries as much. */
#define VM_QUIC_DATAGRAM_MAX 1500 /* bytes */
#define VM_QUIC_SESSIONS_MAX 256 /* of one endpoint at one time */
#define VM_QUIC_STREAMS_MAX 64 /* of one connection at one time, each way */

typedef struct _VmQuicEndpoint VmQuicEndpoint;
typedef struct _VmQuicConnection VmQuicConnection;

/* An address by which a device may be reached. */
typedef struct
{
  gchar ip[INET6_ADDRSTRLEN];
  guint16 port;
  gboolean reflexive; /* as a STUN server sees it */
} VmQuicCandidate;

typedef struct
{
  VmIdentity *identity;
  const gchar *address; /* of this machine; NULL: all */
  guint16 port; /* 0: any */
  const gchar *stun; /* "ip:port" or "[ip]:port"; NULL: none */
  const gchar *alpn; /* NULL: VM_QUIC_ALPN; others are for tests */
} VmQuicConfig;

typedef enum
{
  VM_QUIC_PATH_NONE, /* not connected yet */
  VM_QUIC_PATH_DIRECT,
  VM_QUIC_PATH_RELAY,
} VmQuicPath;

/* "none", "direct", "relay" */
const gchar *vm_quic_path_to_string (VmQuicPath path);

/* A session as the server made it. All is copied. */
typedef struct
{
  /* SHA-256 of the other's certificate in DER */
  const guint8 *fingerprint; /* VM_QUIC_FINGERPRINT_SIZE bytes */
  /* Known to both sides and to the server only, such as the session's token:
   * punching datagrams are recognised by it. */
  GBytes *secret;
  const VmQuicCandidate *candidates; /* of the other side */
  guint n_candidates; /* those beyond VM_QUIC_CANDIDATES_MAX are ignored */
  gint64 timeout; /* µs until the handshake is done; 0: the usual */
  /* Sends a datagram to the other side through the server; runs on the
   * thread of the endpoint and must not block: what does not fit is lost.
   * NULL: there is no relay. */
  void (*relay_send) (const guint8 *data, gsize size, gpointer user_data);
  /* The path in use is another; runs on the thread of the endpoint. */
  void (*path_changed) (VmQuicPath path, gpointer user_data);
  gpointer user_data;
  GDestroyNotify destroy; /* of @user_data, on any thread */
} VmQuicSession;

/* Makes the socket and begins the thread. VM_ERROR_PORT_IN_USE,
 * VM_ERROR_NO_NETWORK, VM_ERROR_IDENTITY. */
VmQuicEndpoint *vm_quic_endpoint_new (const VmQuicConfig *, GError **error);
/* Closes all connections, and waits for the thread. A connection that is still
 * referenced answers VM_ERROR_DISCONNECTED. */
void vm_quic_endpoint_free (VmQuicEndpoint *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmQuicEndpoint, vm_quic_endpoint_free)
guint16 vm_quic_endpoint_get_port (VmQuicEndpoint *self);
/* SHA-256 of the own certificate: VM_QUIC_FINGERPRINT_SIZE bytes. */
const guint8 *vm_quic_endpoint_get_fingerprint (VmQuicEndpoint *self);
/* Where others may reach this endpoint, at most VM_QUIC_CANDIDATES_MAX, best
 * first: host addresses, then, when a STUN server is configured and answers
 * within @timeout µs, how it sees this endpoint. Blocks for that only. Loopback
 * is the last, for another process of this machine.
 * Returns: (transfer full) (element-type VmQuicCandidate) */
GArray *vm_quic_endpoint_get_candidates (VmQuicEndpoint *self, gint64 timeout);

/* Begins a session as the side that asked for it (the QUIC client) or the one
 * that was asked; both return at once. VM_ERROR_RATE_LIMITED: more than
 * VM_QUIC_SESSIONS_MAX. Returns: (transfer full) */
VmQuicConnection *vm_quic_endpoint_connect (
    VmQuicEndpoint *self, const VmQuicSession *session, GError **error);
VmQuicConnection *vm_quic_endpoint_expect (
    VmQuicEndpoint *self, const VmQuicSession *session, GError **error);

VmQuicConnection *vm_quic_connection_ref (VmQuicConnection *self);
/* The last one closes it; pipes keep a reference. */
void vm_quic_connection_unref (VmQuicConnection *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmQuicConnection, vm_quic_connection_unref)
/* Blocks until the handshake is done, at most @timeout µs.
 * VM_ERROR_FINGERPRINT: the other side has another certificate than the
 * session says, or refuses this one; VM_ERROR_TIMEOUT: nobody answered. */
gboolean vm_quic_connection_wait (
    VmQuicConnection *self, gint64 timeout, GError **error);
VmQuicPath vm_quic_connection_get_path (VmQuicConnection *self);
/* The asking side: how long nothing has come; about VM_QUIC_PING_TIME where all
 * is well, µs. */
gint64 vm_quic_connection_get_silence (VmQuicConnection *self);
/* The asking side: the relay is open again. The connection goes on there unless
 * something comes by the direct way. */
void vm_quic_connection_use_relay (VmQuicConnection *self);
/* A datagram that came from the other side through the server; copied. */
void vm_quic_connection_take_datagram (
    VmQuicConnection *self, const guint8 *data, gsize size);
/* Blocks until the other side allows one more stream. Ids of the asking side
 * are 0, 4, 8 …; stream 0 begins with the hello. */
VmP2pPipe *vm_quic_connection_open_pipe (
    VmQuicConnection *self, gint64 timeout, GError **error);
/* The next stream that the other side opens; it is seen with its first byte,
 * and no more once the other side has given it up. */
VmP2pPipe *vm_quic_connection_accept_pipe (
    VmQuicConnection *self, gint64 timeout, GError **error);
/* Ends it for both sides; the other's calls answer @why with its code and
 * message (@why NULL: VM_ERROR_DISCONNECTED). Unsent data is lost: end the
 * pipes and wait for the other's end first. */
void vm_quic_connection_close (VmQuicConnection *self, const GError *why);
/* After vm_quic_connection_close(): blocks until the other side has been sent
 * word of the end, at most @timeout µs. Whoever carries the datagrams of the
 * relay may stop then. */
void vm_quic_connection_wait_closed (VmQuicConnection *self, gint64 timeout);

/* The hello, on the first stream before all messages. The asking side:
 * opens it, says @hello, and waits for P2P_OK. A P2P_DENY is an error with its
 * code and message. */
VmP2pPipe *vm_quic_connection_say_hello (VmQuicConnection *self,
    const VmP2pHello *hello, gint64 timeout, GError **error);
/* The other side: the first stream and what was said on it. */
VmP2pPipe *vm_quic_connection_hear_hello (
    VmQuicConnection *self, gint64 timeout, VmP2pHello **hello, GError **error);
/* P2P_OK, or with @denial P2P_DENY; @pipe is of ..._hear_hello(). After a
 * denial the connection is closed once it has arrived. */
gboolean vm_quic_connection_answer_hello (VmQuicConnection *self,
    VmP2pPipe *pipe, const GError *denial, gint64 timeout, GError **error);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicaddress.h"
#include "quic/quicstream.h"
#include "quic/quictls.h"

/* One QUIC connection, or the attempt at one: all that is asked of ngtcp2. It
 * belongs to the thread of its endpoint; times are ns of the monotonic
 * clock. */

#define VM_QUIC_CID_SIZE 16 /* bytes of the ids that are given out */
#define VM_QUIC_CID_MAX 20 /* bytes: RFC 9000 §17.2 */

typedef struct _VmQuicLink VmQuicLink;

typedef struct
{
  guint8 size;
  guint8 data[VM_QUIC_CID_MAX];
} VmQuicCid;

/* What a datagram says of itself. */
typedef struct
{
  VmQuicCid to, from;
  gboolean initial; /* begins a connection */
  guint32 version;
} VmQuicHeader;

typedef struct
{
  VmQuicJudge judge;
  /* The other side is who it has to be, and knows the same of this one. */
  void (*ready) (gpointer user_data);
  void (*cid_changed) (
      const VmQuicCid *cid, gboolean added, gpointer user_data);
  /* The other side opens a stream. Returns: (transfer full) (nullable) */
  VmQuicStream *(*accept) (gint64 id, gpointer user_data);
  /* One more may be opened. */
  void (*streams_allowed) (gpointer user_data);
  /* The way that was tried does not work. */
  void (*way_failed) (gpointer user_data);
  /* As vm_quic_socket_send(). */
  gsize (*send) (const guint8 *data, gsize size, gsize segment,
      const VmQuicAddress *to, gpointer user_data);
} VmQuicLinkFuncs;

/* FALSE: no datagram of QUIC version 1. */
gboolean
vm_quic_header_read (const guint8 *data, gsize size, VmQuicHeader *header);

/* @local: a number for the way from this machine; the client's ways differ in
 * it. @first: of the server: what its first datagram says. @tag: of the
 * client: bytes for the beginning of the first id. Returns: (nullable) */
VmQuicLink *
vm_quic_link_new (VmQuicTls *tls, const VmQuicHeader *first, const guint8 *tag,
    gsize tag_size, const VmQuicAddress *remote, guint16 local,
    const VmQuicLinkFuncs *funcs, gpointer user_data, guint64 now);
void vm_quic_link_free (VmQuicLink *self);

/* What was received; FALSE: it is over, see ..._get_error(). */
gboolean vm_quic_link_read (VmQuicLink *self, const guint8 *data, gsize size,
    const VmQuicAddress *remote, guint16 local, guint64 now);
/* Sends what may be sent now, @buffer has VM_QUIC_BATCH_MAX bytes. @more: it
 * has more to send at once. FALSE: as above. */
gboolean vm_quic_link_write (
    VmQuicLink *self, guint8 *buffer, guint64 now, gboolean *more);
/* Whether a batch waits for the socket. */
gboolean vm_quic_link_is_blocked (const VmQuicLink *self);
/* G_MAXUINT64: never. */
guint64 vm_quic_link_get_expiry (const VmQuicLink *self);
/* FALSE: as above. */
gboolean vm_quic_link_expire (VmQuicLink *self, guint64 now);
/* Why it is over: what the other side said, or what went wrong. */
const GError *vm_quic_link_get_error (const VmQuicLink *self);

/* FALSE: the other side allows no more now. */
gboolean vm_quic_link_open (VmQuicLink *self, VmQuicStream *stream);
/* Looks at what the user of a stream wants. */
void vm_quic_link_serve (VmQuicLink *self, VmQuicStream *stream);
/* @immediate: the way in use is gone. FALSE: not now. */
gboolean vm_quic_link_migrate (VmQuicLink *self, const VmQuicAddress *remote,
    guint16 local, gboolean immediate, guint64 now);
void vm_quic_link_get_remote (const VmQuicLink *self, VmQuicAddress *remote);
/* Ends it: the datagram that tells the other side is sent, and kept for those
 * that still come. @why: nullable. After it only ..._repeat_close(). */
void vm_quic_link_close (VmQuicLink *self, const GError *why, guint64 now);
/* Whether there was somebody to tell. */
gboolean vm_quic_link_has_close (const VmQuicLink *self);
void vm_quic_link_repeat_close (VmQuicLink *self, const VmQuicAddress *remote);

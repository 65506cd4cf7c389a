/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicpunch.h"
#include "quic/quicstream.h"

/* Datagrams that came through the server and wait for the thread. */
#define VM_QUIC_RELAYED_MAX 2048
/* Messages of all streams that nobody has received yet: windows count bytes,
 * and the smallest message costs this machine thirty times its own. */
#define VM_QUIC_WAITING_MAX 16384

typedef enum
{
  VM_QUIC_CONNECTING,
  VM_QUIC_CONNECTED,
  VM_QUIC_CLOSED,
} VmQuicState;

struct _VmQuicSeat;

struct _VmQuicConnection
{
  gatomicrefcount refs;
  gint users; /* atomic; the last one closes it */
  gint silent_ms; /* atomic; since it was heard last, as the thread saw it */
  gint relay_wanted; /* atomic; the relay is open, and a silent way is left */
  gint waiting; /* atomic; messages that arrived on its streams */
  VmQuicEndpoint *endpoint; /* (owned) */
  gboolean asking;
  guint8 fingerprint[VM_QUIC_FINGERPRINT_SIZE];
  void (*relay_send) (const guint8 *data, gsize size, gpointer user_data);
  void (*path_changed) (VmQuicPath path, gpointer user_data);
  gpointer user_data;
  GDestroyNotify destroy;

  /* Held for moments; before the endpoint's. */
  GMutex lock;
  GCond changed;
  VmQuicState state;
  GError *error; /* when closed */
  VmQuicPath path;
  GQueue opening; /* VmQuicStream that have no id yet */
  GQueue accepted; /* VmQuicStream of the other side */
  GQueue dirty; /* VmQuicStream that the thread has to look at */
  GQueue relayed; /* GBytes */
  gboolean close_wanted;
  gboolean told; /* the other side, as far as it can be, that it is closed */
  GError *close_why;

  gboolean queued; /* with the lock of the endpoint: it waits for the thread */

  /* of the thread */
  VmQuicPunch punch;
  struct _VmQuicSeat *seat;
  gint64 begun, deadline; /* µs */
  gint64 attempt_until;
  guint next_target;
  gboolean relay_turn; /* the last attempt went through the relay */
  gint64 migrate_at; /* not before */
  /* µs: when to look whether a move of this machine has arrived; 0: none */
  gint64 look_at;
  gint64 fall_back_at; /* µs: not before */
  VmQuicAddress moved_to; /* where the other side says it is now */
  gboolean moved; /* it does */
};

VmQuicConnection *vm_quic_connection_new (
    VmQuicEndpoint *endpoint, gboolean asking, const VmQuicSession *session);
VmQuicConnection *vm_quic_connection_hold (VmQuicConnection *self);
void vm_quic_connection_drop (VmQuicConnection *self);
/* With the lock: the thread has to look at @stream (nullable: at the
 * connection). */
void vm_quic_connection_touch (VmQuicConnection *self, VmQuicStream *stream);

/* On the thread. */
void vm_quic_connection_set_connected (VmQuicConnection *self);
void
vm_quic_connection_set_closed (VmQuicConnection *self, const GError *error);
void vm_quic_connection_set_told (VmQuicConnection *self);
void vm_quic_connection_set_path (VmQuicConnection *self, VmQuicPath path);
VmQuicStream *vm_quic_connection_add_stream (VmQuicConnection *self, gint64 id);

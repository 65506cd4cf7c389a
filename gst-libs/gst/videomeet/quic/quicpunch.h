/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicbudget.h"

/* Which of the other's addresses can be reached
 * (protocol/agents.md#connection): small datagrams, which only the two devices
 * of a session can make, open the way through NATs; the first that is answered
 * is the way. Sans-I/O. */

#define VM_QUIC_PUNCH_SIZE 40 /* bytes */
#define VM_QUIC_PUNCH_INTERVAL (200 * 1000) /* µs */
#define VM_QUIC_PUNCH_TIME (5 * G_USEC_PER_SEC)
/* Datagrams of any kind to an address that has not been heard of. */
#define VM_QUIC_PUNCH_MAX (VM_QUIC_PUNCH_TIME / VM_QUIC_PUNCH_INTERVAL)
/* Answers of one session: those who repeat a datagram get no more. */
#define VM_QUIC_PUNCH_ANSWERS_MAX 400
#define VM_QUIC_PUNCH_ID_SIZE 8 /* bytes: of a session, in each datagram */
#define VM_QUIC_PUNCH_NONCE_SIZE 8 /* bytes that an answer repeats */

typedef struct
{
  VmQuicAddress address;
  guint sent; /* datagrams */
  gboolean heard; /* it has answered */
} VmQuicTarget;

typedef struct
{
  guint8 key[32];
  guint8 id[VM_QUIC_PUNCH_ID_SIZE];
  guint8 nonce[VM_QUIC_PUNCH_NONCE_SIZE];
  gboolean asking; /* this side has asked for the session */
  VmQuicTarget targets[VM_QUIC_CANDIDATES_MAX];
  guint n_targets;
  guint answers;
  gboolean moved; /* this side has another address than before */
  gint64 next, until; /* µs */
  VmQuicBudget *budget; /* (nullable): of all sessions of the endpoint */
} VmQuicPunch;

/* Whether a datagram may be one; any other is QUIC or unknown. */
gboolean vm_quic_punch_is (const guint8 *data, gsize size);
/* The session that it names; of VM_QUIC_PUNCH_ID_SIZE bytes. */
const guint8 *vm_quic_punch_get_id (const guint8 *data);

/* @loopback: the other side may be reached there. */
void vm_quic_punch_init (VmQuicPunch *self, gboolean asking, GBytes *secret,
    const VmQuicCandidate *candidates, guint n, const VmQuicOwn *own,
    gboolean loopback, gint64 now);
/* Begins again, with the address in use as the only target: it is told that
 * this side is to be found elsewhere. */
void vm_quic_punch_again (
    VmQuicPunch *self, const VmQuicAddress *address, gint64 now);
/* When to call ..._next(); G_MAXINT64: never again. */
gint64 vm_quic_punch_get_wake (const VmQuicPunch *self);
/* Call until FALSE: fills @data and says whom to send it to. @i: 0 at first. */
gboolean vm_quic_punch_next (VmQuicPunch *self, guint *i, gint64 now,
    guint8 data[VM_QUIC_PUNCH_SIZE], VmQuicAddress *to);
typedef enum
{
  VM_QUIC_PUNCH_FORGED,
  VM_QUIC_PUNCH_QUESTION, /* send the answer back */
  VM_QUIC_PUNCH_MOVED, /* likewise; the other side is there now */
  VM_QUIC_PUNCH_ANSWER,
} VmQuicPunchKind;

/* A datagram from @from; fills @answer for a question. */
VmQuicPunchKind vm_quic_punch_take (VmQuicPunch *self, const guint8 *data,
    gsize size, const VmQuicAddress *from, guint8 answer[VM_QUIC_PUNCH_SIZE]);
/* The best target that was heard; NULL: none yet. */
const VmQuicTarget *vm_quic_punch_get_heard (const VmQuicPunch *self);
/* Whether one more datagram may go to @to, which is counted. */
gboolean
vm_quic_punch_spend (VmQuicPunch *self, const VmQuicAddress *to, gint64 now);

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicendpoint-priv.h"

/* Two devices on loopback: Alice asks, Bob is asked. */

#define QUIC_PAIR_SOON (20 * G_USEC_PER_SEC)

typedef struct
{
  gchar *folders[2];
  VmIdentity *identities[2];
  VmQuicEndpoint *alice, *bob;
  VmQuicConnection *asking, *asked;
} QuicPair;

QuicPair *quic_pair_new (void);
void quic_pair_free (QuicPair *self);

VmQuicEndpoint *quic_pair_endpoint (QuicPair *self, guint i, const gchar *alpn);
/* What each says of the other; @candidate is where it listens. */
void quic_pair_session (VmQuicEndpoint *other, const gchar *secret,
    VmQuicCandidate *candidate, VmQuicSession *session);
/* Both are connected afterwards. */
void quic_pair_connect (QuicPair *self);
/* A pipe that Alice opens, with its first message, both ends. */
void quic_pair_open (QuicPair *self, VmP2pPipe **a, VmP2pPipe **b);
/* That the error is of this code, with a message that says something. */
void quic_pair_check (const GError *error, VmError code);
/* The files that this process has open, or its threads. */
guint quic_pair_count (const gchar *what);
/* The bytes that it has allocated. */
gsize quic_pair_memory (void);

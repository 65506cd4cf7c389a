/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicaddress.h"

/* How large the datagrams of a connection may be that does not leave this
 * machine (protocol/agents.md#wide): there each costs the same, however much
 * it carries. Pure: times are ns, as told. */

/* Bytes: four of them are what UDP_SEGMENT takes at a time. */
#define VM_QUIC_WIDE_SIZE 16200
/* Larger ones are not sent any more, when that long nothing has come since the
 * first of them, ns: a filter may send on to a network what is for this
 * machine. */
#define VM_QUIC_WIDE_SILENCE G_GUINT64_CONSTANT (1000000000)

typedef struct
{
  gboolean on;
  VmQuicAddress at; /* where the other side has to be */
  guint64 since; /* when the first was sent since something came; 0: none */
} VmQuicWide;

void vm_quic_wide_begin (VmQuicWide *self, const VmQuicAddress *at);
/* Whether they may be sent to @to. */
gboolean
vm_quic_wide_may (VmQuicWide *self, const VmQuicAddress *to, guint64 now);
void vm_quic_wide_sent (VmQuicWide *self, guint64 now);
void vm_quic_wide_heard (VmQuicWide *self);

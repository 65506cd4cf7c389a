/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicwide.h"

void
vm_quic_wide_begin (VmQuicWide *self, const VmQuicAddress *at)
{
  self->on = TRUE;
  self->at = *at;
}

gboolean
vm_quic_wide_may (VmQuicWide *self, const VmQuicAddress *to, guint64 now)
{
  if (self->since && now - self->since >= VM_QUIC_WIDE_SILENCE)
    self->on = FALSE;
  return self->on && vm_quic_address_equal (to, &self->at);
}

void
vm_quic_wide_sent (VmQuicWide *self, guint64 now)
{
  if (!self->since)
    self->since = now;
}

void
vm_quic_wide_heard (VmQuicWide *self)
{
  self->since = 0;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/signal.h"

/* A peer of the room model: a WebSocket, a session, or the seat of a host in
 * this process. The owner's struct begins with it. On vm-net. */

typedef struct _VmOutlet VmOutlet;

typedef struct
{
  void (*send) (VmOutlet *outlet, const VmSignal *signal);
  /* The seat is gone; @reason NULL: the peer left, or the meeting is over. */
  void (*close) (VmOutlet *outlet, const GError *reason);
} VmOutletFuncs;

struct _VmOutlet
{
  const VmOutletFuncs *funcs;
};

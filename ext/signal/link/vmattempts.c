/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/vmattempts.h"

#define RENEWED_MS 2000
#define RENEWALS_MAX 5 /* the pause grows no more */

guint
vm_attempts_time (guint failed, guint timeout_ms)
{
  return failed ? 2 * timeout_ms : timeout_ms;
}

guint
vm_attempts_pause (guint failed, guint timeout_ms)
{
  return (timeout_ms / 8) << (CLAMP (failed, 1, VM_ATTEMPTS_MORE) - 1);
}

guint
vm_attempts_server_pause (guint failed, guint timeout_ms, gdouble random)
{
  guint longest = (timeout_ms / 16)
                  << (CLAMP (failed, 1, VM_ATTEMPTS_DOUBLINGS + 1) - 1);

  return longest - (guint) (random * longest / 4);
}

guint
vm_attempts_patience (guint timeout_ms)
{
  return timeout_ms * 3 / 8;
}

guint
vm_attempts_detour_pause (guint before_ms)
{
  return before_ms > VM_ATTEMPTS_DETOUR_MAX_MS / 2
             ? VM_ATTEMPTS_DETOUR_MAX_MS
             : MAX (2 * before_ms, VM_ATTEMPTS_DETOUR_MIN_MS);
}

guint
vm_attempts_renewal_pause (guint renewals)
{
  return renewals ? RENEWED_MS << (MIN (renewals, RENEWALS_MAX) - 1) : 0;
}

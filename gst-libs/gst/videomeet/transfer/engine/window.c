/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/window.h"

static guint
count_chunks (const VmWindow *window, guint32 bytes, guint32 chunk_size)
{
  return CLAMP (bytes / chunk_size, window->min, VM_WINDOW_CHUNKS_MAX);
}

void
vm_window_init (VmWindow *window, guint32 chunk_size, guint32 nearby)
{
  *window = (VmWindow){ 0 };
  window->min =
      CLAMP (VM_WINDOW_BYTES_MIN / chunk_size, 1, VM_WINDOW_CHUNKS_MIN);
  window->max = count_chunks (window, VM_WINDOW_BYTES_MAX, chunk_size);
  window->chunks = CLAMP (
      VM_WINDOW_BYTES_FIRST / chunk_size, window->min, VM_WINDOW_CHUNKS_FIRST);
  window->timeout =
      MIN (VM_WINDOW_TIMEOUT_FIRST
               * MAX (1, window->chunks * chunk_size / VM_WINDOW_BYTES_FIRST),
          VM_WINDOW_TIMEOUT_MAX);
  vm_window_set_nearby (window, chunk_size, nearby);
}

/* 0: none was measured */
static gint64
shortest_of (const VmWindow *window)
{
  const gint64 *shortest = window->shortest;

  return shortest[0] && shortest[1] ? MIN (shortest[0], shortest[1])
                                    : MAX (shortest[0], shortest[1]);
}

static void
resize (VmWindow *window, gdouble chunks)
{
  gdouble farther = shortest_of (window) / (gdouble) VM_WINDOW_NEAR;

  window->chunks = CLAMP (chunks, window->min,
      MIN (window->max, window->nearby * MAX (1, farther)));
}

void
vm_window_set_nearby (VmWindow *window, guint32 chunk_size, guint32 nearby)
{
  window->nearby = count_chunks (window, nearby, chunk_size);
  resize (window, window->chunks);
}

void
vm_window_set_max (VmWindow *window, guint32 chunk_size, guint32 bytes)
{
  window->max = count_chunks (window, bytes, chunk_size);
  resize (window, window->chunks);
}

guint
vm_window_get_chunks (const VmWindow *window)
{
  return window->drained ? window->min : (guint) window->chunks;
}

gint64
vm_window_get_timeout (const VmWindow *window)
{
  return window->timeout;
}

/* RFC 6298 §2 */
static void
measure (VmWindow *window, gint64 rtt)
{
  if (window->rtt == 0) {
    window->rtt = rtt;
    window->variation = rtt / 2;
  } else {
    window->variation += (ABS (window->rtt - rtt) - window->variation) / 4;
    window->rtt += (rtt - window->rtt) / 8;
  }
  window->timeout = CLAMP (window->rtt + 4 * window->variation,
      VM_WINDOW_TIMEOUT_MIN, VM_WINDOW_TIMEOUT_MAX);
}

/* How much longer than the shortest round trip this was. */
static gint64
delay_of (VmWindow *window, gint64 rtt, gint64 now)
{
  gint64 *shortest = window->shortest;

  if (shortest[0] == 0) {
    window->age_began = now;
  } else if (now - window->age_began >= VM_WINDOW_BASE_AGE) {
    shortest[1] = shortest[0];
    shortest[0] = 0;
    window->age_began = now;
    window->drained = now + 2 * window->rtt;
  }
  if (shortest[0] == 0 || rtt < shortest[0])
    shortest[0] = rtt;
  return rtt - shortest_of (window);
}

void
vm_window_acked (VmWindow *window, guint chunks, gint64 rtt, gint64 now)
{
  gint64 delay;
  gdouble room;

  if (rtt < 0)
    return;
  rtt = MAX (rtt, 1);
  measure (window, rtt);
  delay = delay_of (window, rtt, now);
  if (window->drained) {
    if (now >= window->drained)
      window->drained = 0;
    return;
  }
  if (delay > VM_WINDOW_DELAY_TARGET / 2)
    window->steady = TRUE;
  if (!window->steady) {
    resize (window, window->chunks + chunks);
    return;
  }
  room = (VM_WINDOW_DELAY_TARGET - delay) / (gdouble) VM_WINDOW_DELAY_TARGET;
  resize (window, window->chunks + chunks * MAX (room, -1) / window->chunks);
}

void
vm_window_timed_out (VmWindow *window, gint64 now)
{
  if (window->shrank && now - window->shrank < window->timeout)
    return;
  window->shrank = now;
  window->steady = TRUE;
  window->timeout = MIN (window->timeout * 2, VM_WINDOW_TIMEOUT_MAX);
  resize (window, window->chunks / 2);
}

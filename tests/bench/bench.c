/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

gdouble
bench_median (gdouble *values, guint n)
{
  qsort (values, n, sizeof *values, compare);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

void
bench_print (const gchar *name, gdouble ours, gdouble peer, const gchar *unit)
{
  printf ("bench %s ours=%.1f peer=%.1f ratio=%.3f unit=%s\n", name, ours, peer,
      ours / peer, unit);
  fflush (stdout);
}

void
bench_print_precise (
    const gchar *name, gdouble ours, gdouble peer, const gchar *unit)
{
  printf ("bench %s ours=%.4f peer=%.4f ratio=%.3f unit=%s\n", name, ours, peer,
      ours / peer, unit);
  fflush (stdout);
}

void
bench_wait (gint64 us)
{
  gint64 end = g_get_monotonic_time () + us;
  GMutex lock;
  GCond never;

  g_mutex_init (&lock);
  g_cond_init (&never);
  g_mutex_lock (&lock);
  while (g_cond_wait_until (&never, &lock, end))
    continue;
  g_mutex_unlock (&lock);
  g_cond_clear (&never);
  g_mutex_clear (&lock);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The window: what each event makes of it, and what it settles at on links of
 * a known rate. */

#include "program.h"

#include <gst/videomeet/transfer/engine/window.h>

#define MS G_GINT64_CONSTANT (1000)
#define S G_USEC_PER_SEC

GST_START_TEST (test_sizes)
{
  static const struct
  {
    guint32 chunk_size;
    guint first;
    guint max;
    gint64 timeout; /* s */
  } cases[] = {
    { 1024, 4, VM_WINDOW_CHUNKS_MAX, 3 },
    { 16384, 4, 256, 3 },
    { 16385, 4, 255, 3 },
    { 32768, 4, 128, 3 },
    { 65536, 4, 64, 3 },
    { 65537, 3, 63, 3 },
    { 128 * 1024, 2, 32, 3 },
    { 256 * 1024, 1, 16, 3 },
    { 1024 * 1024, 1, 4, 12 }, /* no fewer, and so more bytes */
    { 2 * 1024 * 1024, 1, 2, 24 },
    { 4 * 1024 * 1024, 1, 1, 30 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmWindow window;

    vm_window_init (&window, cases[i].chunk_size, VM_WINDOW_BYTES_MAX);
    fail_unless_equals_int (vm_window_get_chunks (&window), cases[i].first);
    fail_unless_equals_int64 (
        vm_window_get_timeout (&window), cases[i].timeout * S);
    for (guint n = 0; n < 1000; n++)
      vm_window_acked (&window, 1, 1 * MS, n * MS);
    fail_unless_equals_int (vm_window_get_chunks (&window), cases[i].max);
  }
}

GST_END_TEST;

#define LATE -2 /* a chunk that timed out */

/* One event a line, on one window of 64 KiB chunks. */
GST_START_TEST (test_events)
{
  static const struct
  {
    gint64 now;
    gint64 rtt; /* -1: sent twice; LATE */
    guint chunks;
    gint64 timeout;
  } cases[] = {
    { 0, 1 * MS, 5, 1 * S }, /* at least a second */
    { 1 * MS, 1 * MS, 6, 1 * S },
    { 2 * MS, -1, 6, 1 * S }, /* measures nothing */
    { 3 * MS, 51 * MS, 7, 1 * S }, /* half the target is still fast */
    { 4 * MS, 52 * MS, 7, 1 * S }, /* from here on by a part of a chunk */
    { 5 * MS, 1 * MS, 7, 1 * S },
    { 6 * MS, 1 * MS, 7, 1 * S },
    { 7 * MS, 101 * MS, 7, 1 * S }, /* at the target: as it is */
    { 8 * MS, 301 * MS, 7, 1 * S }, /* far above: less by a part */
    { 9 * MS, 301 * MS, 7, 1 * S },
    { 10 * MS, 301 * MS, 6, 1 * S },
    { 2 * S, LATE, 3, 2 * S }, /* half, and twice the patience */
    { 2 * S + 1, LATE, 3, 2 * S }, /* was sent together with that one */
    { 4 * S - 1, LATE, 3, 2 * S },
    { 4 * S, LATE, VM_WINDOW_CHUNKS_MIN, 4 * S },
    { 8 * S, LATE, VM_WINDOW_CHUNKS_MIN, 8 * S },
    { 16 * S, LATE, VM_WINDOW_CHUNKS_MIN, 16 * S },
    { 32 * S, LATE, VM_WINDOW_CHUNKS_MIN, VM_WINDOW_TIMEOUT_MAX },
    { 62 * S, LATE, VM_WINDOW_CHUNKS_MIN, VM_WINDOW_TIMEOUT_MAX },
    { 63 * S, -1, VM_WINDOW_CHUNKS_MIN, VM_WINDOW_TIMEOUT_MAX },
  };
  VmWindow window;

  vm_window_init (&window, 65536, VM_WINDOW_BYTES_MAX);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    if (cases[i].rtt == LATE)
      vm_window_timed_out (&window, cases[i].now);
    else
      vm_window_acked (&window, 1, cases[i].rtt, cases[i].now);
    fail_unless (vm_window_get_chunks (&window) == cases[i].chunks,
        "%u: %u chunks", i, vm_window_get_chunks (&window));
    fail_unless (vm_window_get_timeout (&window) == cases[i].timeout,
        "%u: %" G_GINT64_FORMAT " µs", i, vm_window_get_timeout (&window));
  }
  for (guint i = 0; i < 50; i++)
    vm_window_acked (&window, 1, 1 * MS, 64 * S);
  fail_unless_equals_int64 (
      vm_window_get_timeout (&window), VM_WINDOW_TIMEOUT_MIN);
}

GST_END_TEST;

/* The timeout is above what a slow link needs: round trips of RFC 6298. */
GST_START_TEST (test_timeouts)
{
  static const struct
  {
    gint64 rtt[3];
    gint64 timeout;
  } cases[] = {
    { { 200 * MS, 0, 0 }, 1 * S }, /* 600 ms, rounded up */
    { { 400 * MS, 0, 0 }, 1200 * MS },
    { { 400 * MS, 400 * MS, 0 }, 1000 * MS },
    { { 400 * MS, 1200 * MS, 0 }, 500 * MS + 4 * 350 * MS },
    { { 20 * S, 0, 0 }, VM_WINDOW_TIMEOUT_MAX },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmWindow window;

    vm_window_init (&window, 65536, VM_WINDOW_BYTES_MAX);
    for (guint j = 0; j < 3 && cases[i].rtt[j]; j++)
      vm_window_acked (&window, 1, cases[i].rtt[j], j * S);
    fail_unless (vm_window_get_timeout (&window) == cases[i].timeout,
        "%u: %" G_GINT64_FORMAT " µs", i, vm_window_get_timeout (&window));
  }
}

GST_END_TEST;

/* A link that carries a chunk each @pace, @base away, with a queue for all. */
static guint
settle (gint64 pace, gint64 base, gint64 *rtt)
{
  gint64 sent[VM_WINDOW_CHUNKS_MAX];
  guint first = 0, count = 0;
  gint64 now = 0, free_at = 0;
  VmWindow window;

  vm_window_init (&window, 65536, VM_WINDOW_BYTES_MAX);
  for (guint round = 0; round < 20000; round++) {
    while (count < vm_window_get_chunks (&window))
      sent[(first + count++) % VM_WINDOW_CHUNKS_MAX] = now;
    free_at = MAX (free_at, sent[first] + base) + pace;
    now = MAX (now, free_at);
    *rtt = now - sent[first];
    vm_window_acked (&window, 1, *rtt, now);
    first = (first + 1) % VM_WINDOW_CHUNKS_MAX;
    count--;
  }
  return vm_window_get_chunks (&window);
}

/* As much as keeps the link busy, and a queue of at most about the target. */
GST_START_TEST (test_links)
{
  static const struct
  {
    gint64 pace; /* µs a chunk of 64 KiB */
    gint64 base;
    guint least;
    guint most;
  } cases[] = {
    { 52 * MS, 2 * MS, 2, 4 }, /* 10 Mbit/s on a LAN */
    { 52 * MS, 100 * MS, 3, 6 }, { 5200, 10 * MS, 3, 24 }, /* 100 Mbit/s */
    { 524, 1 * MS, 3, 64 }, /* 1 Gbit/s: its queue is not seen before 4 MiB */
    { 524, 200 * MS, 64, 64 }, { 1 * S, 10 * MS, 2, 3 }, /* a chunk a second */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gint64 rtt;
    guint chunks = settle (cases[i].pace, cases[i].base, &rtt);
    gint64 least = cases[i].pace + cases[i].base;

    fail_unless (chunks >= cases[i].least && chunks <= cases[i].most,
        "%u: %u chunks", i, chunks);
    fail_unless (
        rtt <= least + MAX (2 * VM_WINDOW_DELAY_TARGET, 2 * cases[i].pace),
        "%u: %" G_GINT64_FORMAT " µs", i, rtt);
  }
}

GST_END_TEST;

/* A path that has become longer is not taken for a queue for ever. */
GST_START_TEST (test_longer_path)
{
  gint64 now = 0;
  VmWindow window;

  vm_window_init (&window, 65536, VM_WINDOW_BYTES_MAX);
  for (; now < 10 * S; now += 10 * MS)
    vm_window_acked (&window, 1, 5 * MS, now);
  fail_unless_equals_int (vm_window_get_chunks (&window), 64);
  for (; now < 50 * S; now += 10 * MS)
    vm_window_acked (&window, 1, 400 * MS, now);
  fail_unless_equals_int (vm_window_get_chunks (&window), VM_WINDOW_CHUNKS_MIN);
  for (; now < 10 * S + 4 * VM_WINDOW_BASE_AGE; now += 10 * MS)
    vm_window_acked (&window, 1, 400 * MS, now);
  fail_unless_equals_int (vm_window_get_chunks (&window), 64);
}

GST_END_TEST;

/* As few as there are in VM_WINDOW_BYTES_MIN, but two if they are small, and
 * one if they are large. */
GST_START_TEST (test_least)
{
  static const struct
  {
    guint32 chunk_size;
    guint least;
  } cases[] = { { 1024, 2 }, { 65536, 2 }, { 65537, 1 }, { 128 * 1024, 1 },
    { 1024 * 1024, 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmWindow window;

    vm_window_init (&window, cases[i].chunk_size, VM_WINDOW_BYTES_MAX);
    vm_window_acked (&window, 1, 1 * MS, 0);
    for (guint n = 0; n < 1000; n++)
      vm_window_acked (&window, 1, 1 * S, n * MS);
    fail_unless_equals_int (vm_window_get_chunks (&window), cases[i].least);
  }
}

GST_END_TEST;

/* An acknowledgement that stands for several counts as much as theirs would. */
GST_START_TEST (test_several_at_once)
{
  VmWindow one, several;

  vm_window_init (&one, 65536, VM_WINDOW_BYTES_MAX);
  several = one;
  for (guint n = 0; n < 3; n++) {
    for (guint i = 0; i < 4; i++)
      vm_window_acked (&one, 1, 10 * MS, n * MS);
    vm_window_acked (&several, 4, 10 * MS, n * MS);
    fail_unless_equals_int (vm_window_get_chunks (&one), 8 + 4 * n);
    fail_unless_equals_int (vm_window_get_chunks (&several), 8 + 4 * n);
  }
  for (guint n = 0; n < 100; n++) {
    for (guint i = 0; i < 4; i++)
      vm_window_acked (&one, 1, 180 * MS, 1 * S);
    vm_window_acked (&several, 4, 180 * MS, 1 * S);
  }
  fail_unless (vm_window_get_chunks (&one) < 8);
  fail_unless_equals_int (
      vm_window_get_chunks (&several), vm_window_get_chunks (&one));
  vm_window_acked (&several, 4, -1, 1 * S);
  fail_unless_equals_int (
      vm_window_get_chunks (&several), vm_window_get_chunks (&one));
}

GST_END_TEST;

/* Less to a near peer, and in proportion to a farther one. */
GST_START_TEST (test_nearby)
{
  static const struct
  {
    guint32 chunk_size;
    gint64 rtt;
    guint chunks;
  } cases[] = {
    { 65536, 1, 16 },
    { 65536, VM_WINDOW_NEAR, 16 },
    { 65536, VM_WINDOW_NEAR + VM_WINDOW_NEAR / 16, 17 },
    { 65536, 2 * VM_WINDOW_NEAR, 32 },
    { 65536, 4 * VM_WINDOW_NEAR, 64 },
    { 65536, 4 * VM_WINDOW_NEAR + 2 * MS, 64 }, /* VM_WINDOW_BYTES_MAX */
    { 1024, 1, 256 },
    { 256 * 1024, 1, 4 },
    { 1024 * 1024, 1, 1 },
    { 1024 * 1024, 3 * VM_WINDOW_NEAR, 3 },
    { 1024 * 1024, 4 * VM_WINDOW_NEAR, 4 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmWindow window;

    vm_window_init (&window, cases[i].chunk_size, VM_WINDOW_BYTES_CHANNEL);
    for (guint n = 0; n < 1000; n++)
      vm_window_acked (&window, 1, cases[i].rtt, n * MS);
    fail_unless (vm_window_get_chunks (&window) == cases[i].chunks,
        "%u: %u chunks", i, vm_window_get_chunks (&window));
  }
}

GST_END_TEST;

/* A lane is known when chunks are on their way already. */
GST_START_TEST (test_nearby_later)
{
  VmWindow window;

  vm_window_init (&window, 65536, VM_WINDOW_BYTES_MAX);
  for (guint n = 0; n < 1000; n++)
    vm_window_acked (&window, 1, 1 * MS, n * MS);
  fail_unless_equals_int (vm_window_get_chunks (&window), 64);
  vm_window_set_nearby (&window, 65536, VM_WINDOW_BYTES_CHANNEL);
  fail_unless_equals_int (vm_window_get_chunks (&window), 16);
  vm_window_set_nearby (&window, 65536, VM_WINDOW_BYTES_MAX);
  fail_unless_equals_int (vm_window_get_chunks (&window), 16);
  vm_window_acked (&window, 1, 1 * MS, 1 * S);
  fail_unless_equals_int (vm_window_get_chunks (&window), 17);
}

GST_END_TEST;

static Suite *
window_suite (void)
{
  Suite *s = suite_create ("window");
  TCase *tc = tcase_create ("window");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_events);
  tcase_add_test (tc, test_timeouts);
  tcase_add_test (tc, test_links);
  tcase_add_test (tc, test_longer_path);
  tcase_add_test (tc, test_least);
  tcase_add_test (tc, test_several_at_once);
  tcase_add_test (tc, test_nearby);
  tcase_add_test (tc, test_nearby_later);
  return s;
}

CHECK_PROGRAM (window)

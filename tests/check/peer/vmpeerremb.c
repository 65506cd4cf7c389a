/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-remb.h"

#include "program.h"

#include <gst/check/gstcheck.h>

/* What Janus and others send, and what nobody should. */
static const struct
{
  guint8 data[16];
  gsize size;
  gint64 bitrate; /* -1: it is none */
} messages[] = {
  /* 250,000 = 250,000 << 0, of one SSRC */
  { { 'R', 'E', 'M', 'B', 1, 0x03, 0xd0, 0x90, 0, 0, 0, 1 }, 12, 250000 },
  /* 128,000 = 64,000 << 1 */
  { { 'R', 'E', 'M', 'B', 0, 0x04, 0xfa, 0x00 }, 8, 128000 },
  { { 'R', 'E', 'M', 'B', 1, 0x00, 0x00, 0x00 }, 8, 0 },
  { { 'R', 'E', 'M', 'B', 1, 0xfc, 0x00, 0x00 }, 8, 0 },
  /* the largest mantissa and exponent */
  { { 'R', 'E', 'M', 'B', 1, 0xff, 0xff, 0xff }, 8, G_MAXUINT },
  { { 'R', 'E', 'M', 'B', 1, 0xfc, 0x00, 0x01 }, 8, G_MAXUINT },
  { { 'R', 'E', 'M', 'B', 1, 0x03, 0xd0 }, 7, -1 },
  { { 'R', 'E', 'M', 'b', 1, 0x03, 0xd0, 0x90 }, 8, -1 },
  { { 0 }, 0, -1 },
};

GST_START_TEST (test_read)
{
  guint bitrate = 1;
  gboolean found =
      vm_peer_remb_read (messages[__i__].data, messages[__i__].size, &bitrate);

  fail_unless_equals_int (found, messages[__i__].bitrate >= 0);
  if (found)
    fail_unless_equals_int64 (bitrate, messages[__i__].bitrate);
}

GST_END_TEST;

static Suite *
vmpeerremb_suite (void)
{
  Suite *s = suite_create ("vmpeerremb");
  TCase *tc = tcase_create ("read");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_read, 0, G_N_ELEMENTS (messages));
  return s;
}

CHECK_PROGRAM (vmpeerremb)

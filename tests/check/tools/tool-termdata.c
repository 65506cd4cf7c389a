/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a page may say on the data channel of a terminal. */

#include "program.h"

#include "term/termdata.h"

static gboolean
is_message (gsize said, gsize body_size)
{
  gsize size = body_size + 5;
  g_autofree guint8 *data = g_malloc0 (size);

  data[1] = said >> 16;
  data[2] = said >> 8 & 0xff;
  data[3] = said & 0xff;
  data[4] = 34;
  return vmt_term_data_is_message (data, size);
}

GST_START_TEST (test_one_message)
{
  const gsize most = VMT_TERM_PAGE_MESSAGE_MAX - 5;
  guint8 nothing[5] = { 0 };

  fail_unless (is_message (0, 0));
  fail_unless (is_message (300, 300));
  /* a part of one, and more than one */
  fail_if (is_message (300, 299));
  fail_if (is_message (300, 301));
  for (gsize size = 0; size < sizeof nothing; size++)
    fail_if (vmt_term_data_is_message (nothing, size));
  fail_unless (is_message (most - 1, most - 1));
  fail_unless (is_message (most, most));
  fail_if (is_message (most + 1, most + 1));
}

GST_END_TEST;

static Suite *
tool_termdata_suite (void)
{
  Suite *s = suite_create ("tool-termdata");
  TCase *tc = tcase_create ("messages");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_one_message);
  return s;
}

CHECK_PROGRAM (tool_termdata)

/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include <gst/videomeet/terminal/termfilter.h>
#include <gst/videomeet/terminal/termpty.h>
#include <gst/videomeet/terminal/termshare.h>

#include <string.h>

/* Of anything that is waited for, on a machine that is busy with others. */
#define DEADLINE (60 * G_USEC_PER_SEC)
/* What a command writes, and a slow viewer does not wait for. VM_TERM_BYTES in
 * the environment: more. */
#define MUCH (4 * 1024 * 1024)

static const VmTermSize usual = { 80, 24 };

static VmTermShare *
run (const gchar *script)
{
  const gchar *argv[] = { "sh", "-c", script, NULL };
  g_autoptr (GError) error = NULL;
  VmTermShare *share = vm_term_share_new (argv, &usual, &error);

  fail_unless (share != NULL, "%s", error ? error->message : "");
  return share;
}

/* A viewer, as a peer is one: what it is given goes through a filter. */
typedef struct
{
  VmTermView *view;
  VmTermFilter *filter;
  VmTermScreen *screen;
  guint resizes, outs, statuses;
  gboolean ended;
  gint code;
  VmTermStatus status;
} Viewer;

static void
viewer_init (Viewer *viewer, VmTermShare *share, const gchar *name)
{
  *viewer = (Viewer){ 0 };
  viewer->view = vm_term_share_attach (share, name);
  fail_unless (viewer->view != NULL);
  viewer->filter = vm_term_filter_new (VM_TERM_FILTER_SHOW);
  viewer->screen = vm_term_screen_new (&usual);
}

static void
viewer_clear (Viewer *viewer)
{
  vm_term_view_detach (viewer->view);
  vm_term_filter_free (viewer->filter);
  vm_term_screen_free (viewer->screen);
  vm_term_status_clear (&viewer->status);
}

static void
take_out (Viewer *viewer, GBytes *bytes)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  fail_unless (vm_term_out_check (bytes, NULL));
  vm_term_filter_feed (viewer->filter, data, size, out);
  fail_unless_equals_int (out->len, size);
  vm_term_screen_feed (viewer->screen, out->str, out->len);
  viewer->outs++;
}

static void
take_frame (Viewer *viewer, const VmTermFrame *frame)
{
  switch (frame->type) {
    case VM_TERM_FRAME_RESIZE:
      vm_term_screen_resize (viewer->screen, &frame->size);
      viewer->resizes++;
      break;
    case VM_TERM_FRAME_OUT:
      take_out (viewer, frame->bytes);
      break;
    case VM_TERM_FRAME_STATUS:
      vm_term_status_clear (&viewer->status);
      fail_unless (vm_term_status_read (&viewer->status, frame->bytes, NULL));
      viewer->statuses++;
      break;
    case VM_TERM_FRAME_END:
      viewer->ended = TRUE;
      viewer->code = frame->code;
      break;
  }
}

static gboolean
viewer_next (Viewer *viewer, gint64 deadline)
{
  g_auto (VmTermFrame) frame = { 0 };

  if (!vm_term_view_next (viewer->view, deadline, &frame))
    return FALSE;
  take_frame (viewer, &frame);
  return TRUE;
}

static gboolean
shows (Viewer *viewer, const gchar *text)
{
  const VmTermPicture *picture = vm_term_screen_look (viewer->screen);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < picture->size.cols * picture->size.rows; i++)
    if (picture->cells[i].width)
      g_string_append_unichar (all, picture->cells[i].chars[0]);
  return strstr (all->str, text) != NULL;
}

static void
wait_for_text (Viewer *viewer, const gchar *text)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE;

  while (!shows (viewer, text))
    fail_unless (viewer_next (viewer, deadline), "no \"%s\"", text);
}

static void
wait_for_end (Viewer *viewer)
{
  gint64 deadline = g_get_monotonic_time () + DEADLINE;

  while (!viewer->ended)
    fail_unless (viewer_next (viewer, deadline), "it does not end");
}

static void
assert_equal (Viewer *a, Viewer *b)
{
  fail_unless (vm_term_screen_equal (a->screen, b->screen));
}

GST_START_TEST (test_the_end_and_its_code)
{
  static const struct
  {
    const gchar *script;
    gint code;
  } ends[] = { { "echo WORD", 0 }, { "echo WORD; exit 7", 7 },
    { "echo WORD; kill -TERM $$", 143 } };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    g_autoptr (VmTermShare) share = run (ends[i].script);
    Viewer viewer;
    gint code = -1;

    viewer_init (&viewer, share, "Bob");
    wait_for_end (&viewer);
    fail_unless (shows (&viewer, "WORD"));
    fail_unless_equals_int (viewer.code, ends[i].code);
    fail_unless (viewer.status.ended);
    fail_unless (vm_term_share_has_ended (share, &code));
    fail_unless_equals_int (code, ends[i].code);
    fail_if (vm_term_share_write_input (share, (guint8 *) "x", 1));
    viewer_clear (&viewer);
  }
}
GST_END_TEST;

GST_START_TEST (test_a_command_that_is_not_there)
{
  const gchar *argv[] = { "no-such-program-of-videomeet", NULL };
  g_autoptr (GError) error = NULL;

  fail_if (vm_term_share_new (argv, &usual, &error));
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_NOT_FOUND));
}
GST_END_TEST;

GST_START_TEST (test_what_the_command_has_for_a_terminal)
{
  g_autoptr (VmTermShare) share = NULL;
  Viewer viewer;

  g_setenv ("COLUMNS", "7", TRUE);
  share = run ("stty size; echo $TERM; tty >/dev/null && echo is-tty; "
               "echo columns=$COLUMNS.");
  viewer_init (&viewer, share, NULL);
  wait_for_end (&viewer);
  fail_unless (shows (&viewer, "24 80"));
  fail_unless (shows (&viewer, "xterm-256color"));
  fail_unless (shows (&viewer, "is-tty"));
  fail_unless (shows (&viewer, "columns=."));
  viewer_clear (&viewer);
}
GST_END_TEST;

/* Who comes late has all of it at once. */
GST_START_TEST (test_a_late_viewer)
{
  g_autoptr (VmTermShare) share =
      run ("printf '\\033[?1049h\\033[2;3Hfirst\\033[31mred'; cat");
  Viewer early, late;

  viewer_init (&early, share, "Bob");
  wait_for_text (&early, "firstred");
  viewer_init (&late, share, "Eve");
  fail_unless (viewer_next (&late, 0));
  fail_unless_equals_int (late.resizes, 1);
  fail_unless (viewer_next (&late, 0));
  fail_unless_equals_int (late.outs, 1);
  assert_equal (&early, &late);
  viewer_clear (&early);
  viewer_clear (&late);
}
GST_END_TEST;

GST_START_TEST (test_input_and_answers)
{
  g_autoptr (VmTermShare) share =
      run ("stty raw -echo; printf 'ready\\033[6n'; "
           "dd bs=1 count=6 2>/dev/null | od -An -c; echo over");
  Viewer viewer;

  viewer_init (&viewer, share, "Bob");
  /* the answer is libvterm's; no viewer gives one */
  wait_for_end (&viewer);
  fail_unless (shows (&viewer, "033   [   1   ;   6   R"));
  viewer_clear (&viewer);
}
GST_END_TEST;

GST_START_TEST (test_typing)
{
  g_autoptr (VmTermShare) share = run ("cat");
  Viewer viewer;

  viewer_init (&viewer, share, "Bob");
  fail_unless (vm_term_share_write_input (share, (guint8 *) "typed\n", 6));
  wait_for_text (&viewer, "typed");
  fail_unless (vm_term_share_write_input (share, (guint8 *) "\004", 1));
  wait_for_end (&viewer);
  viewer_clear (&viewer);
}
GST_END_TEST;

/* A command that does not read, with room for VM_TERM_INPUT_QUEUE and what the
 * kernel takes. */
GST_START_TEST (test_limit_of_input)
{
  g_autoptr (VmTermShare) share = run ("stty raw; echo ready; exec sleep 60");
  g_autofree guint8 *data = g_malloc0 (VM_TERM_INPUT_QUEUE + 1);
  Viewer viewer;
  guint n = 0;

  viewer_init (&viewer, share, "Bob");
  wait_for_text (&viewer, "ready");
  fail_if (vm_term_share_write_input (share, data, VM_TERM_INPUT_QUEUE + 1));
  fail_unless (vm_term_share_write_input (share, data, VM_TERM_INPUT_QUEUE));
  while (vm_term_share_write_input (share, data, VM_TERM_INPUT_QUEUE))
    fail_unless (++n < 16);
  viewer_clear (&viewer);
}
GST_END_TEST;

GST_START_TEST (test_resize)
{
  g_autoptr (VmTermShare) share =
      run ("trap 'stty size' WINCH; echo ready; while :; do read x; done");
  VmTermSize large = { 200, 60 }, wrong = { 501, 60 };
  Viewer viewer;

  viewer_init (&viewer, share, "Bob");
  wait_for_text (&viewer, "ready");
  fail_if (vm_term_share_resize (share, &wrong));
  fail_unless (vm_term_share_resize (share, &large));
  wait_for_text (&viewer, "60 200");
  fail_unless_equals_int (viewer.resizes, 2);
  fail_unless_equals_int (vm_term_screen_look (viewer.screen)->size.cols, 200);
  viewer_clear (&viewer);
}
GST_END_TEST;

static void
count_change (VmTermShare *share, gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
}

GST_START_TEST (test_status)
{
  g_autoptr (VmTermShare) share = run ("exec sleep 60");
  gint changes = 0;
  Viewer bob, local;
  gint64 deadline = g_get_monotonic_time () + DEADLINE;

  vm_term_share_set_changed_func (share, count_change, &changes);
  viewer_init (&bob, share, "Bob");
  viewer_init (&local, share, NULL);
  vm_term_share_set_controller (share, "Bob");
  while (g_strcmp0 (local.status.controller, "Bob") != 0)
    fail_unless (viewer_next (&local, deadline));
  fail_unless_equals_int (g_strv_length (local.status.viewers), 1);
  fail_unless_equals_string (local.status.viewers[0], "Bob");
  fail_unless_equals_string (local.status.command, "sh -c exec sleep 60");
  viewer_clear (&bob);
  while (local.status.viewers[0])
    fail_unless (viewer_next (&local, deadline));
  vm_term_share_set_controller (share, NULL);
  while (local.status.controller)
    fail_unless (viewer_next (&local, deadline));
  vm_term_share_hang_up (share);
  wait_for_end (&local);
  fail_unless_equals_int (local.code, 129);
  viewer_clear (&local);
  /* its thread has told by then */
  g_clear_pointer (&share, vm_term_share_unref);
  fail_unless (changes > 0);
}
GST_END_TEST;

/* One that ignores SIGHUP is ended as well. */
GST_START_TEST (test_hang_up)
{
  g_autoptr (VmTermShare) share =
      run ("trap '' HUP; echo ready; while :; do sleep 1; done");
  Viewer viewer;

  viewer_init (&viewer, share, "Bob");
  wait_for_text (&viewer, "ready");
  vm_term_share_hang_up (share);
  wait_for_end (&viewer);
  fail_unless_equals_int (viewer.code, 137);
  viewer_clear (&viewer);
}
GST_END_TEST;

GST_START_TEST (test_limit_of_views)
{
  g_autoptr (VmTermShare) share = run ("exec sleep 60");
  VmTermView *views[VM_TERM_VIEWS_MAX + 1];

  for (guint i = 0; i < VM_TERM_VIEWS_MAX; i++) {
    views[i] = vm_term_share_attach (share, "Bob");
    fail_unless (views[i] != NULL);
  }
  fail_if (vm_term_share_attach (share, "Eve"));
  views[VM_TERM_VIEWS_MAX] = vm_term_share_attach (share, NULL);
  fail_unless (views[VM_TERM_VIEWS_MAX] != NULL);
  for (guint i = 0; i <= VM_TERM_VIEWS_MAX; i++)
    vm_term_view_detach (views[i]);
}
GST_END_TEST;

static gpointer
wake (gpointer view)
{
  vm_term_view_wake (view);
  return NULL;
}

GST_START_TEST (test_wake)
{
  g_autoptr (VmTermShare) share = run ("exec sleep 60");
  Viewer viewer;
  GThread *thread;
  gint64 deadline = g_get_monotonic_time () + DEADLINE;

  viewer_init (&viewer, share, "Bob");
  while (viewer_next (&viewer, 0))
    ;
  thread = g_thread_new ("wake", wake, viewer.view);
  while (viewer_next (&viewer, deadline))
    ;
  fail_unless (g_get_monotonic_time () < deadline);
  g_thread_join (thread);
  viewer_clear (&viewer);
}
GST_END_TEST;

static guint64
much (void)
{
  const gchar *bytes = g_getenv ("VM_TERM_BYTES");

  return bytes ? g_ascii_strtoull (bytes, NULL, 10) : MUCH;
}

/* A command that writes much is not held by a viewer that takes nothing. Both
 * have the same screen at the end, and what waited for the slow one is within
 * its bound. */
GST_START_TEST (test_much_output_and_a_slow_viewer)
{
  g_autofree gchar *script = g_strdup_printf (
      "seq 100000000 | sed 's/$/ \\o033[3%%dm\\xe4\\xb8\\xad text/' | "
      "head -c %" G_GUINT64_FORMAT "; printf '\\033[0m\\r\\nTHE END'",
      much ());
  g_autoptr (VmTermShare) share = run (script);
  Viewer fast, slow;
  guint taken = 0;
  gsize bytes = 0;

  viewer_init (&fast, share, "Bob");
  viewer_init (&slow, share, "Eve");
  /* it has begun, and stops there */
  fail_unless (viewer_next (&slow, g_get_monotonic_time () + DEADLINE));
  wait_for_end (&fast);
  fail_unless (shows (&fast, "THE END"));
  while (!slow.ended) {
    g_auto (VmTermFrame) frame = { 0 };

    fail_unless (vm_term_view_next (slow.view, 0, &frame));
    take_frame (&slow, &frame);
    if (frame.type == VM_TERM_FRAME_OUT)
      bytes += g_bytes_get_size (frame.bytes);
    taken++;
  }
  fail_unless (shows (&slow, "THE END"));
  assert_equal (&fast, &slow);
  fail_unless (bytes <= 2 * VM_TERM_VIEW_QUEUE);
  GST_INFO ("%u frames, %" G_GSIZE_FORMAT " bytes", taken, bytes);
  viewer_clear (&fast);
  viewer_clear (&slow);
}
GST_END_TEST;

/* As a viewer who has lost something asks for. */
GST_START_TEST (test_refresh)
{
  g_autoptr (VmTermShare) share = run ("echo WORD; exec sleep 60");
  Viewer viewer;

  viewer_init (&viewer, share, "Bob");
  wait_for_text (&viewer, "WORD");
  vm_term_screen_feed (viewer.screen, "\033[2Jgarbage", 11);
  vm_term_view_refresh (viewer.view);
  wait_for_text (&viewer, "WORD");
  fail_if (shows (&viewer, "garbage"));
  fail_unless (viewer.resizes >= 2);
  viewer_clear (&viewer);
}
GST_END_TEST;

/* Until nothing new has come for @quiet µs. */
static void
settle (Viewer *viewer, gint64 quiet)
{
  while (viewer_next (viewer, g_get_monotonic_time () + quiet))
    ;
}

/* A program that draws all over the screen, at several sizes: who watched from
 * the beginning and who comes now have the same. */
static void
check_program (const gchar *script, const gchar *keys, const gchar *text)
{
  static const VmTermSize sizes[] = { { 200, 60 }, { 100, 30 }, { 80, 24 } };
  g_autoptr (VmTermShare) share = run (script);
  Viewer early;

  viewer_init (&early, share, "Bob");
  wait_for_text (&early, text);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    Viewer late;

    fail_unless (vm_term_share_resize (share, &sizes[i]));
    fail_unless (vm_term_share_write_input (
        share, (const guint8 *) keys, strlen (keys)));
    settle (&early, G_USEC_PER_SEC / 2);
    viewer_init (&late, share, "Eve");
    settle (&late, G_USEC_PER_SEC / 10);
    settle (&early, 0);
    fail_unless_equals_int (
        vm_term_screen_look (early.screen)->size.cols, sizes[i].cols);
    assert_equal (&early, &late);
    viewer_clear (&late);
  }
  viewer_clear (&early);
}

static gboolean
is_there (const gchar *program)
{
  g_autofree gchar *path = g_find_program_in_path (program);

  return path != NULL;
}

GST_START_TEST (test_vim)
{
  if (is_there ("vim"))
    check_program ("exec vim -u NONE -c 'set nocp nu hls' "
                   "-c \"call setline(1, map(range(1,300), "
                   "'v:val . \\\" \\u4e2d\\u6587 e\\u0301 text\\\"'))\"",
        "\0065dd/text\r:split\r", "text");
}
GST_END_TEST;

/* Its bars move by themselves, but seldom with this delay. */
GST_START_TEST (test_htop)
{
  if (is_there ("htop"))
    check_program ("exec htop -d 600", "\033[B\033[B", "Load average");
}
GST_END_TEST;

static Suite *
termshare_suite (void)
{
  Suite *s = suite_create ("termshare");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_the_end_and_its_code);
  tcase_add_test (tc, test_a_command_that_is_not_there);
  tcase_add_test (tc, test_what_the_command_has_for_a_terminal);
  tcase_add_test (tc, test_a_late_viewer);
  tcase_add_test (tc, test_input_and_answers);
  tcase_add_test (tc, test_typing);
  tcase_add_test (tc, test_limit_of_input);
  tcase_add_test (tc, test_resize);
  tcase_add_test (tc, test_status);
  tcase_add_test (tc, test_hang_up);
  tcase_add_test (tc, test_limit_of_views);
  tcase_add_test (tc, test_wake);
  tcase_add_test (tc, test_much_output_and_a_slow_viewer);
  tcase_add_test (tc, test_refresh);
  tcase_add_test (tc, test_vim);
  tcase_add_test (tc, test_htop);
  return s;
}

CHECK_PROGRAM (termshare)

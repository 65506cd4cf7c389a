/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/base/vmmailbox-priv.h>

#define POSTERS 4
#define EACH 5000

typedef struct
{
  GMainContext *context;
  VmMailbox *mailbox;
  GString
      *seen; /* what ran, a letter for each; what was destroyed, in capitals */
} Box;

static void
box_init (Box *box)
{
  box->context = g_main_context_new ();
  box->mailbox = vm_mailbox_new (box->context);
  box->seen = g_string_new (NULL);
}

static void
box_clear (Box *box)
{
  g_clear_pointer (&box->mailbox, vm_mailbox_free);
  g_main_context_unref (box->context);
  g_string_free (box->seen, TRUE);
}

static void
run (Box *box)
{
  while (g_main_context_iteration (box->context, FALSE))
    continue;
}

typedef struct
{
  Box *box;
  gchar letter;
} Note;

static gboolean
on_note (gpointer user_data)
{
  const Note *note = user_data;
  Box *box = note->box;

  g_string_append_c (box->seen, note->letter);
  if (note->letter == 'f') /* whoever runs it may free the mailbox */
    g_clear_pointer (&box->mailbox, vm_mailbox_free);
  else if (note->letter == 'n') /* or run the context */
    run (box);
  return G_SOURCE_REMOVE;
}

static void
note_free (gpointer user_data)
{
  Note *note = user_data;

  g_string_append_c (note->box->seen, g_ascii_toupper (note->letter));
  g_free (note);
}

static void
post (Box *box, gchar letter)
{
  Note *note = g_new (Note, 1);

  *note = (Note){ box, letter };
  vm_mailbox_post (box->mailbox, on_note, note, note_free);
}

static void
fail_unless_seen (Box *box, const gchar *wanted)
{
  fail_unless_equals_string (box->seen->str, wanted);
  g_string_truncate (box->seen, 0);
}

/* Nothing runs inside the call; then each once, in order, and is destroyed. */
GST_START_TEST (test_order)
{
  Box box;

  box_init (&box);
  post (&box, 'a');
  post (&box, 'b');
  post (&box, 'c');
  fail_unless_seen (&box, "");
  run (&box);
  fail_unless_seen (&box, "aAbBcC");
  run (&box);
  fail_unless_seen (&box, "");
  vm_mailbox_post (box.mailbox, on_note, &(Note){ &box, 'd' }, NULL);
  run (&box);
  fail_unless_seen (&box, "d");
  box_clear (&box);
}

GST_END_TEST;

/* Closed: what waits is destroyed and does not run, nor what comes later. */
GST_START_TEST (test_closed)
{
  Box box;

  box_init (&box);
  post (&box, 'a');
  post (&box, 'b');
  vm_mailbox_close (box.mailbox);
  fail_unless_seen (&box, "AB");
  post (&box, 'c');
  fail_unless_seen (&box, "C");
  run (&box);
  vm_mailbox_close (box.mailbox);
  fail_unless_seen (&box, "");
  box_clear (&box);
}

GST_END_TEST;

GST_START_TEST (test_freed_inside)
{
  Box box;

  box_init (&box);
  post (&box, 'a');
  post (&box, 'f');
  post (&box, 'b');
  run (&box);
  fail_unless_seen (&box, "aAfBF");
  fail_unless (box.mailbox == NULL);
  box_clear (&box);
}

GST_END_TEST;

/* What a function waits for by running the context may be in the mailbox,
 * too. */
GST_START_TEST (test_run_inside)
{
  Box box;

  box_init (&box);
  post (&box, 'n');
  post (&box, 'a');
  post (&box, 'b');
  run (&box);
  fail_unless_seen (&box, "naAbBN");
  post (&box, 'c');
  run (&box);
  fail_unless_seen (&box, "cC");
  box_clear (&box);
}

GST_END_TEST;

/* An application may leave a context that it never ran. */
GST_START_TEST (test_context_gone)
{
  Box box;

  box_init (&box);
  post (&box, 'a');
  g_main_context_unref (box.context);
  g_clear_pointer (&box.mailbox, vm_mailbox_free);
  fail_unless_seen (&box, "A");
  g_string_free (box.seen, TRUE);
}

GST_END_TEST;

typedef struct
{
  VmMailbox *mailbox;
  GMainLoop *loop;
  guint left, last[POSTERS];
} Crowd;

typedef struct
{
  Crowd *crowd;
  guint poster, n;
} Numbered;

static gboolean
on_number (gpointer user_data)
{
  const Numbered *number = user_data;
  Crowd *crowd = number->crowd;

  fail_unless_equals_int (number->n, ++crowd->last[number->poster]);
  if (--crowd->left == 0)
    g_main_loop_quit (crowd->loop);
  return G_SOURCE_REMOVE;
}

static gpointer
post_numbers (gpointer user_data)
{
  const Numbered *self = user_data;

  for (guint n = 1; n <= EACH; n++) {
    Numbered *number = g_new (Numbered, 1);

    *number = (Numbered){ self->crowd, self->poster, n };
    vm_mailbox_post (self->crowd->mailbox, on_number, number, g_free);
  }
  return NULL;
}

/* Whoever posts while the context sleeps, runs or falls asleep: nothing is
 * lost, and what one thread posts stays in order. */
GST_START_TEST (test_many)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (VmMailbox) mailbox = vm_mailbox_new (context);
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  Crowd crowd = { .mailbox = mailbox, .loop = loop, .left = POSTERS * EACH };
  Numbered posters[POSTERS];
  GThread *threads[POSTERS];

  for (guint i = 0; i < POSTERS; i++) {
    posters[i] = (Numbered){ &crowd, i, 0 };
    threads[i] = g_thread_new ("poster", post_numbers, &posters[i]);
  }
  g_main_loop_run (loop);
  for (guint i = 0; i < POSTERS; i++) {
    g_thread_join (threads[i]);
    fail_unless_equals_int (crowd.last[i], EACH);
  }
}

GST_END_TEST;

static Suite *
mailbox_suite (void)
{
  Suite *s = suite_create ("mailbox");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_order);
  tcase_add_test (tc, test_closed);
  tcase_add_test (tc, test_freed_inside);
  tcase_add_test (tc, test_run_inside);
  tcase_add_test (tc, test_context_gone);
  tcase_add_test (tc, test_many);
  return s;
}

CHECK_PROGRAM (mailbox)

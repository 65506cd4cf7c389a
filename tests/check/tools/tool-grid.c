/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everybody in one window: where each picture stands, and how they come and
 * go. */

#include "program.h"
#include "ui/grid.h"
#include "ui/voice.h"
#include "support/hang.h"
#include "cmd/opening.h"

#define WAIT (60 * GST_SECOND)

static gboolean
overlap (const VmtCell *a, const VmtCell *b)
{
  return a->x < b->x + b->width && b->x < a->x + a->width
         && a->y < b->y + b->height && b->y < a->y + a->height;
}

GST_START_TEST (test_cells)
{
  for (guint n = 1; n <= 64; n++) {
    VmtCell cells[64];

    for (guint i = 0; i < n; i++) {
      VmtCell *c = &cells[i];

      *c = vmt_grid_cell (n, i);
      fail_unless (c->x >= 0 && c->y >= 0 && c->width > 0 && c->height > 0);
      fail_unless (c->x + c->width <= VMT_GRID_WIDTH);
      fail_unless (c->y + c->height <= VMT_GRID_HEIGHT);
      fail_unless_equals_int (c->width, cells[0].width);
      fail_unless_equals_int (c->height, cells[0].height);
      for (guint k = 0; k < i; k++)
        fail_if (overlap (c, &cells[k]), "%u: %u and %u", n, i, k);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_few_are_large)
{
  VmtCell one = vmt_grid_cell (1, 0), left = vmt_grid_cell (2, 0),
          right = vmt_grid_cell (2, 1), third = vmt_grid_cell (3, 2);

  fail_unless_equals_int (one.width, VMT_GRID_WIDTH - 2 * VMT_GRID_GAP);
  fail_unless_equals_int (one.height, VMT_GRID_HEIGHT - 2 * VMT_GRID_GAP);
  fail_unless_equals_int (left.y, right.y);
  fail_unless (left.x < right.x);
  /* alone in its row, it stands in the middle */
  fail_unless_equals_int (third.x + third.width / 2, VMT_GRID_WIDTH / 2);
}

GST_END_TEST;

static gint seen; /* frames */

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc (&seen);
  return GST_PAD_PROBE_OK;
}

/* Somebody's picture or sound, from a source that lives. */
static GstElement *
come (VmtGrid *grid, GstElement *pipeline, gboolean video, GstPad **tile)
{
  g_autoptr (GError) error = NULL;
  GstElement *source = gst_parse_bin_from_description (
      video ? "videotestsrc is-live=true ! "
              "capsfilter caps=video/x-raw,width=64,height=36,framerate=10/1"
            : "audiotestsrc is-live=true",
      TRUE, &error);
  g_autoptr (GstPad) src = NULL;

  g_assert_no_error (error);
  *tile = gst_object_ref (vmt_grid_add (grid, video, "Bob <b> & Co"));
  gst_pad_add_probe (*tile, GST_PAD_PROBE_TYPE_BUFFER, count, NULL, NULL);
  /* a pipeline that still starts would start it before it is linked */
  gst_element_set_locked_state (source, TRUE);
  gst_bin_add (GST_BIN (pipeline), gst_object_ref (source));
  src = gst_element_get_static_pad (source, "src");
  fail_unless_equals_int (gst_pad_link (src, *tile), GST_PAD_LINK_OK);
  gst_element_set_locked_state (source, FALSE);
  gst_element_sync_state_with_parent (source);
  return source;
}

/* What may be held up, on a thread of its own: a test that ended in it would
 * say nothing. */
typedef struct
{
  VmtGrid *grid;
  GstElement *pipeline, *source;
  GstPad *tile;

  GMutex lock; /* protects what is below */
  GCond cond;
  const gchar *step; /* NULL when all is done */
} Going;

static void
say_step (Going *self, const gchar *step)
{
  g_mutex_lock (&self->lock);
  self->step = step;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gpointer
go_thread (gpointer user_data)
{
  Going *self = user_data;

  gst_element_set_locked_state (self->source, TRUE);
  gst_element_set_state (self->source, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (self->pipeline), self->source);
  gst_object_unref (self->source);
  say_step (self, "taking the tile out");
  vmt_grid_remove (self->grid, self->tile);
  vmt_grid_remove (self->grid, self->tile); /* twice does nothing */
  gst_object_unref (self->tile);
  say_step (self, NULL);
  return NULL;
}

static gpointer
end_thread (gpointer user_data)
{
  Going *self = user_data;

  vmt_grid_end (self->grid);
  say_step (self, NULL);
  return NULL;
}

static void
run_in_time (Going *self, GThreadFunc func, const gchar *step)
{
  gint64 end = g_get_monotonic_time () + WAIT / GST_USECOND;
  GThread *thread;

  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->step = step;
  thread = g_thread_new ("going", func, self);
  g_mutex_lock (&self->lock);
  while (self->step && g_cond_wait_until (&self->cond, &self->lock, end))
    ;
  fail_if (self->step != NULL, "held up in %s", self->step);
  g_mutex_unlock (&self->lock);
  g_thread_join (thread);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
}

static void
go (VmtGrid *grid, GstElement *pipeline, GstElement *source, GstPad *tile)
{
  Going going = { grid, pipeline, source, tile };

  run_in_time (&going, go_thread, "stopping the source");
}

static GstPadProbeReturn
hold (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_OK;
}

/* The first of the factory named @factory in @pipeline. */
static GstElement *
find_element (GstElement *pipeline, const gchar *factory)
{
  g_autoptr (GstIterator) all =
      gst_bin_iterate_all_by_element_factory_name (GST_BIN (pipeline), factory);
  GValue value = G_VALUE_INIT;
  GstElement *found = NULL;

  if (gst_iterator_next (all, &value) == GST_ITERATOR_OK)
    found = g_value_dup_object (&value);
  g_value_unset (&value);
  fail_unless (found != NULL);
  return found;
}

static const gchar *
say (GstMessage *message)
{
  const GstStructure *s = message ? gst_message_get_structure (message) : NULL;

  return s ? gst_structure_to_string (s) : "EOS";
}

static void
wait_for_frames (GstBus *bus, gint n)
{
  GstClockTime end = gst_util_get_timestamp () + WAIT;

  while (g_atomic_int_get (&seen) < n) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        bus, 50 * GST_MSECOND, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);

    fail_if (message != NULL, "%s", say (message));
    fail_unless (gst_util_get_timestamp () < end, "%d of %d frames",
        g_atomic_int_get (&seen), n);
  }
}

GST_START_TEST (test_come_and_go)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  VmtGrid *grid = vmt_grid_new (pipeline, "fakesink", "fakesink", NULL, &error);
  GstElement *sources[6];
  GstPad *tiles[6];

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint round = 0; round < 2; round++) {
    g_atomic_int_set (&seen, 0);
    for (guint i = 0; i < G_N_ELEMENTS (tiles); i++)
      sources[i] = come (grid, pipeline, i % 2 == 0, &tiles[i]);
    wait_for_frames (bus, 60);
    for (guint i = 0; i < G_N_ELEMENTS (tiles); i++)
      go (grid, pipeline, sources[i], tiles[i]);
  }
  {
    Going going = { grid, pipeline };

    run_in_time (&going, end_thread, "saying that it is over");
  }
  {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        bus, WAIT, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);

    fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  vmt_grid_unref (grid);
}

GST_END_TEST;

/* The picture and sound of nobody come late, after somebody's, whose sound has
 * another rate. */
GST_START_TEST (test_somebody_comes_first)
{
  static const gchar *const factories[] = { "videotestsrc", "audiotestsrc" };
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  VmtGrid *grid = vmt_grid_new (pipeline, "fakesink", "fakesink", NULL, &error);
  GstElement *sources[2];
  GstPad *tiles[2], *late[2];
  gulong held[2];

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++) {
    g_autoptr (GstElement) nobody = find_element (pipeline, factories[i]);

    late[i] = gst_element_get_static_pad (nobody, "src");
    held[i] = gst_pad_add_probe (
        late[i], GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, NULL, NULL);
  }
  g_atomic_int_set (&seen, 0);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    sources[i] = come (grid, pipeline, i == 0, &tiles[i]);
  wait_for_frames (bus, 60);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++)
    gst_pad_remove_probe (late[i], held[i]);
  wait_for_frames (bus, 120);
  for (guint i = 0; i < G_N_ELEMENTS (late); i++) {
    go (grid, pipeline, sources[i], tiles[i]);
    gst_object_unref (late[i]);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  vmt_grid_unref (grid);
}

GST_END_TEST;

/* A window or a sound device that takes nothing, or nothing more, holds nobody:
 * not who sends, not who leaves. */
GST_START_TEST (test_goes_while_it_stands_still)
{
  gboolean video = __i__ % 2, late = __i__ / 2;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  VmtGrid *grid = vmt_grid_new (
      pipeline, "fakesink name=window", "fakesink name=speaker", NULL, &error);
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), video ? "window" : "speaker");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  GstElement *sources[3];
  GstPad *tiles[3];
  gulong held = 0;

  g_assert_no_error (error);
  if (!late)
    held = gst_pad_add_probe (
        pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, NULL, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < G_N_ELEMENTS (tiles); i++) {
    g_atomic_int_set (&seen, 0);
    sources[i] = come (grid, pipeline, video, &tiles[i]);
    wait_for_frames (bus, 10);
    if (!held)
      held = gst_pad_add_probe (
          pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, hold, NULL, NULL);
  }
  for (guint i = 0; i < G_N_ELEMENTS (tiles); i++)
    go (grid, pipeline, sources[i], tiles[i]);
  gst_pad_remove_probe (pad, held);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  vmt_grid_unref (grid);
}

GST_END_TEST;

/* The mix's pad that was asked for last. */
static GstPad *
last_pad (GstElement *mix)
{
  GstPad *pad = NULL;

  GST_OBJECT_LOCK (mix);
  pad = gst_object_ref (g_list_last (mix->sinkpads)->data);
  GST_OBJECT_UNLOCK (mix);
  return pad;
}

static void
stands_at (GstPad *pad, guint n, guint index)
{
  VmtCell cell = vmt_grid_cell (n, index);
  gint x, y, width, height;

  g_object_get (
      pad, "xpos", &x, "ypos", &y, "width", &width, "height", &height, NULL);
  fail_unless_equals_int (x, cell.x);
  fail_unless_equals_int (y, cell.y);
  fail_unless_equals_int (width, cell.width);
  fail_unless_equals_int (height, cell.height);
}

static void
on_width (GstPad *pad, GParamSpec *pspec, gpointer user_data)
{
  Going *self = user_data;
  g_autoptr (GstPad) tile = g_steal_pointer (&self->tile);

  if (tile)
    vmt_grid_remove (self->grid, tile);
}

static gpointer
add_thread (gpointer user_data)
{
  Going *self = user_data;

  vmt_grid_add (self->grid, TRUE, "Carol");
  say_step (self, NULL);
  return NULL;
}

/* Whoever hears that a picture is moved may take another out, and in the end
 * all stand where they belong. */
GST_START_TEST (test_changes_while_it_is_laid_out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline =
      gst_object_ref_sink (gst_pipeline_new (NULL));
  VmtGrid *grid = vmt_grid_new (pipeline, "fakesink", "fakesink", NULL, &error);
  g_autoptr (GstElement) mix = find_element (pipeline, "compositor");
  g_autoptr (GstPad) ann = NULL, carol = NULL;
  Going going = { grid, pipeline };

  g_assert_no_error (error);
  vmt_grid_add (grid, TRUE, "Ann");
  ann = last_pad (mix);
  going.tile = gst_object_ref (vmt_grid_add (grid, TRUE, "Bob"));
  stands_at (ann, 2, 0);
  g_signal_connect (ann, "notify::width", G_CALLBACK (on_width), &going);
  run_in_time (&going, add_thread, "laying out");
  carol = last_pad (mix);
  fail_unless (going.tile == NULL);
  stands_at (ann, 2, 0);
  stands_at (carol, 2, 1);
  vmt_grid_unref (grid);
}

GST_END_TEST;

static VmtOpening
open_line (const gchar *line, GstState state, guint ms)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) element =
      gst_parse_bin_from_description (line, FALSE, &error);

  g_assert_no_error (error);
  gst_object_ref_sink (element);
  return vmt_open (element, state, ms);
}

GST_START_TEST (test_opening)
{
  hang_register ();
  fail_unless_equals_int (
      open_line ("fakesink", GST_STATE_READY, VMT_OPEN_WAIT), VMT_OPEN_OK);
  fail_unless_equals_int (
      open_line ("audiotestsrc ! fakesink", GST_STATE_PAUSED, VMT_OPEN_WAIT),
      VMT_OPEN_OK);
  /* it opens, and gets no further */
  fail_unless_equals_int (
      open_line ("fakesink", GST_STATE_PAUSED, 50), VMT_OPEN_LATE);
  fail_unless_equals_int (open_line ("fakesink state-error=null-to-ready",
                              GST_STATE_READY, VMT_OPEN_WAIT),
      VMT_OPEN_FAILED);
  fail_unless_equals_int (
      open_line ("hang", GST_STATE_READY, 50), VMT_OPEN_LATE);
  fail_unless (hang_release ());
}

GST_END_TEST;

/* A sound device that never answers takes the sound away, not the meeting. */
GST_START_TEST (test_no_sound)
{
  static const gchar *const cases[][2] = {
    { "fakesink", NULL },
    { "fakesink state-error=null-to-ready", "cannot be opened" },
    { "hang", "does not answer" },
  };

  hang_register ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstElement) pipeline =
        gst_object_ref_sink (gst_pipeline_new (NULL));
    g_autoptr (GError) error = NULL;
    VmtGrid *grid =
        vmt_grid_new (pipeline, "fakesink", cases[i][0], NULL, &error);
    const gchar *note;

    g_assert_no_error (error);
    note = vmt_grid_get_note (grid);
    fail_unless (
        cases[i][1] ? note && strstr (note, cases[i][1]) != NULL : note == NULL,
        "%s: %s", cases[i][0], note);
    fail_if (gst_element_set_state (pipeline, GST_STATE_PLAYING)
             == GST_STATE_CHANGE_FAILURE);
    fail_if (gst_element_get_state (pipeline, NULL, NULL, WAIT)
             == GST_STATE_CHANGE_FAILURE);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    vmt_grid_unref (grid);
  }
  fail_unless (hang_release ());
}

GST_END_TEST;

static gboolean
is_behind_probe (GstElement *sink)
{
  g_autoptr (GstElement) at = gst_object_ref (sink);

  while (at) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (at, "sink");
    g_autoptr (GstPad) peer = pad ? gst_pad_get_peer (pad) : NULL;
    GstElement *next = peer ? gst_pad_get_parent_element (peer) : NULL;

    gst_object_unref (at);
    at = next;
    if (at && g_str_equal (GST_OBJECT_NAME (at), VMT_VOICE_PROBE))
      return TRUE;
  }
  return FALSE;
}

/* Whoever comes in the middle of a call is played behind the probe, too. */
GST_START_TEST (test_probe_before_the_speaker)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  VmtGrid *grid = vmt_grid_new (pipeline, "fakesink sync=true",
      "fakesink name=speaker sync=true", NULL, NULL);
  g_autoptr (GstElement) speaker =
      gst_bin_get_by_name (GST_BIN (pipeline), "speaker");
  g_autoptr (GstPad) tile = NULL;
  g_autoptr (GstElement) source = NULL;

  fail_unless (grid && speaker);
  fail_unless (is_behind_probe (speaker));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  source = come (grid, pipeline, FALSE, &tile);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstIterator) it = gst_bin_iterate_sinks (GST_BIN (pipeline));
    g_auto (GValue) item = G_VALUE_INIT;
    guint speakers = 0;

    while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
      GstBin *bin = g_value_get_object (&item);
      g_autoptr (GstElement) one = gst_bin_get_by_name (bin, "speaker");

      speakers += one != NULL;
      fail_unless (!one || is_behind_probe (one));
      g_value_reset (&item);
    }
    fail_unless_equals_int (speakers, 1);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  vmt_grid_unref (grid);
}

GST_END_TEST;

static Suite *
tool_grid_suite (void)
{
  Suite *s = suite_create ("tool-grid");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_cells);
  tcase_add_test (tc, test_few_are_large);
  tcase_add_test (tc, test_come_and_go);
  tcase_add_test (tc, test_somebody_comes_first);
  tcase_add_test (tc, test_changes_while_it_is_laid_out);
  tcase_add_loop_test (tc, test_goes_while_it_stands_still, 0, 4);
  tcase_add_test (tc, test_opening);
  tcase_add_test (tc, test_probe_before_the_speaker);
  tcase_add_test (tc, test_no_sound);
  return s;
}

CHECK_PROGRAM (tool_grid)

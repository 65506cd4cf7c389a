/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/video/video.h>
#include "ui/grid.h"
#include "cmd/opening.h"
#include "devices/slot-sink.h"
#include "ui/output.h"
#include "ui/voice.h"

#define STR_(x) #x
#define STR(x) STR_ (x)
#define PICTURE                                              \
  "video/x-raw,width=" STR (VMT_GRID_WIDTH) ",height=" STR ( \
      VMT_GRID_HEIGHT) ",framerate=30/1,pixel-aspect-ratio=1/1"
/* What is there from the start: a picture and a sound of nothing keep window
 * and mix alive when nobody else is there. Participants' streams have the time
 * at which they are played, and are decoded until then: a mix waits so much
 * longer, from the start, so that nothing changes when somebody comes. The mix
 * keeps time; a window that kept it too would show nothing on a machine that is
 * a little late. */
#define MIX_MS 50
#define MIX_NS STR (MIX_MS) "000000"
#define VIDEO                                                                \
  "videotestsrc name=nobody is-live=true pattern=black ! " PICTURE           \
  " ! compositor name=mix background=black min-upstream-latency=" MIX_NS " " \
  "! capsfilter caps=\"" PICTURE                                             \
  "\" ! queue max-size-buffers=2 leaky=downstream ! videoconvert ! "
#define SOUND "audio/x-raw,rate=48000,channels=2"
/* Without caps behind it a mix takes the rate of whoever comes first */
#define AUDIO                                                       \
  "audiotestsrc name=nobody is-live=true wave=silence ! " SOUND     \
  " ! audiomixer name=mix min-upstream-latency=" MIX_NS " ! " SOUND \
  " ! queue ! audioconvert ! audioresample "
#define WINDOW "autovideosink sync=false"
#define SPEAKER "autoaudiosink"
/* some devices open, and hang when they are told what they are to play */
#define TRIAL "audiotestsrc wave=silence ! audioconvert ! audioresample ! "
/* A window must never hold a stream up: half a second, then the oldest goes */
#define QUEUE                                             \
  "queue name=first max-size-buffers=0 max-size-bytes=0 " \
  "max-size-time=500000000 leaky=downstream ! "
#define NAME_FONT "Sans 18"

/* One picture or sound, from its sink pad to the mix. */
typedef struct
{
  GstElement *part;
  GstPad *sink;
  GstPad *mix; /* request pad */
  gboolean video;
} Tile;

struct _VmtGrid
{
  GstElement *video; /* NULL: there is no window */
  GstElement *audio;
  VmtSlot *speaker; /* of audio */
  const gchar *note; /* or NULL */

  GMutex lock; /* for what follows; nothing else is called with it held */
  GPtrArray *tiles; /* of Tile, in the order they came */
  guint layout; /* counts them */
};

static void
tile_free (gpointer data)
{
  Tile *tile = data;

  gst_object_unref (tile->part);
  gst_object_unref (tile->sink);
  gst_object_unref (tile->mix);
  g_free (tile);
}

static GstElement *
add_part (
    GstElement *pipeline, const gchar *line, const gchar *sink, GError **error)
{
  g_autofree gchar *whole = g_strconcat (line, sink, NULL);
  GstElement *part = gst_parse_bin_from_description (whole, FALSE, error);

  if (part)
    gst_bin_add (GST_BIN (pipeline), part);
  return part;
}

gboolean
vmt_has_display (void)
{
  static const gchar *const names[] = { "DISPLAY", "WAYLAND_DISPLAY" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const gchar *value = g_getenv (names[i]);

    if (value && *value)
      return TRUE;
  }
  return FALSE;
}

/* autovideosink tries whatever is installed, and some of that ends the process
 * when there is no display. */
static gboolean
has_display (GError **error)
{
  if (vmt_has_display ())
    return TRUE;
  g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "There is no display to show the others on: neither DISPLAY nor "
      "WAYLAND_DISPLAY is set.");
  return FALSE;
}

/* What to end the sound in: @line, unless that cannot be opened, which would
 * hold up the whole pipeline or end it. */
static const gchar *
choose_speaker (const gchar *line, const gchar **note)
{
  g_autofree gchar *whole = g_strconcat (TRIAL, line, NULL);
  g_autoptr (GstElement) trial = gst_parse_launch (whole, NULL);

  if (!trial)
    return line;
  gst_object_ref_sink (trial);
  switch (vmt_open (trial, GST_STATE_PAUSED, VMT_OPEN_WAIT)) {
    case VMT_OPEN_OK:
      return line;
    case VMT_OPEN_FAILED:
      *note = "The sound device cannot be opened; the others are not heard.";
      break;
    case VMT_OPEN_LATE:
      *note = "The sound device does not answer; the others are not heard.";
      break;
  }
  return VMT_NO_SPEAKER;
}

const gchar *
vmt_grid_get_note (VmtGrid *self)
{
  return self->note;
}

/* Behind what is played. NULL with a sentence: @device cannot be used. */
static VmtSlot *
add_speaker (GstElement *audio, const gchar *line, const VmtMediaDevice *device,
    const gchar **note, GError **error)
{
  VmtSlot *slot = vmt_sink_slot_new ();
  g_autoptr (GstPad) src =
      gst_bin_find_unlinked_pad (GST_BIN (audio), GST_PAD_SRC);
  g_autoptr (GstPad) sink =
      gst_element_get_static_pad (GST_ELEMENT (slot), "sink");
  const gchar *chosen;
  GstElement *part;

  gst_bin_add (GST_BIN (audio), GST_ELEMENT (slot));
  gst_pad_link (src, sink);
  if (device)
    return vmt_slot_begin (slot, device, error) ? slot : NULL;
  chosen = choose_speaker (line, note);
  part = gst_parse_bin_from_description (chosen, TRUE, error);
  if (!part)
    return NULL;
  vmt_slot_begin_with (slot, part,
      g_str_equal (chosen, VMT_NO_SPEAKER) ? NULL : VMT_DEFAULT_SPEAKER);
  return slot;
}

VmtSlot *
vmt_grid_get_speaker (VmtGrid *self)
{
  return self->speaker;
}

VmtGrid *
vmt_grid_new (GstElement *pipeline, const gchar *window, const gchar *speaker,
    const VmtMediaDevice *device, GError **error)
{
  gboolean shown = g_strcmp0 (window, VMT_NO_WINDOW) != 0;
  GstElement *video = NULL, *audio = NULL;
  const gchar *note = NULL;
  VmtSlot *slot = NULL;
  VmtGrid *self;

  if (!window && !has_display (error))
    return NULL;
  if (shown)
    video = add_part (pipeline, VIDEO, window ? window : WINDOW, error);
  /* whatever plays the sound comes behind the probe */
  if (video || !shown)
    audio = add_part (pipeline, AUDIO, vmt_voice_probe_line (), error);
  if (audio) {
    vmt_voice_prepare_probe (audio);
    slot =
        add_speaker (audio, speaker ? speaker : SPEAKER, device, &note, error);
  }
  if (!slot)
    return NULL;
  self = g_atomic_rc_box_new0 (VmtGrid);
  self->note = note;
  self->speaker = slot;
  self->video = video ? gst_object_ref (video) : NULL;
  self->audio = gst_object_ref (audio);
  g_mutex_init (&self->lock);
  self->tiles = g_ptr_array_new_with_free_func (tile_free);
  return self;
}

static void
wait_for (GstElement *part, guint ms)
{
  g_autoptr (GstElement) mix = gst_bin_get_by_name (GST_BIN (part), "mix");

  g_object_set (mix, "min-upstream-latency", ms * GST_MSECOND, NULL);
}

void
vmt_grid_hold (VmtGrid *self, guint ms)
{
  if (self->video)
    wait_for (self->video, ms + MIX_MS);
  wait_for (self->audio, ms + MIX_MS);
}

gboolean
vmt_grid_has_window (const VmtGrid *self)
{
  return self->video != NULL;
}

VmtGrid *
vmt_grid_ref (VmtGrid *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  VmtGrid *self = data;

  g_ptr_array_unref (self->tiles);
  gst_clear_object (&self->video);
  gst_clear_object (&self->audio);
  g_mutex_clear (&self->lock);
}

void
vmt_grid_unref (VmtGrid *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

VmtCell
vmt_grid_cell (guint n, guint index)
{
  guint columns = 1, rows, row, in_row;
  VmtCell cell;

  while (columns * columns < n)
    columns++;
  rows = MAX ((n + columns - 1) / columns, 1);
  row = index / columns;
  in_row = row == rows - 1 && n ? n - row * columns : columns;
  cell.width = VMT_GRID_WIDTH / columns;
  cell.height = VMT_GRID_HEIGHT / rows;
  cell.x = (VMT_GRID_WIDTH - (gint) in_row * cell.width) / 2
           + (gint) (index % columns) * cell.width;
  cell.y = (gint) row * cell.height;
  return (VmtCell){ cell.x + VMT_GRID_GAP, cell.y + VMT_GRID_GAP,
    cell.width - 2 * VMT_GRID_GAP, cell.height - 2 * VMT_GRID_GAP };
}

/* called with lock held; the mix's pads of all pictures, in their order; and
 * which layout this is */
static GPtrArray *
list_pictures (VmtGrid *self, guint *layout)
{
  GPtrArray *pads = g_ptr_array_new_with_free_func (gst_object_unref);

  for (guint i = 0; i < self->tiles->len; i++) {
    Tile *tile = g_ptr_array_index (self->tiles, i);

    if (tile->video)
      g_ptr_array_add (pads, gst_object_ref (tile->mix));
  }
  *layout = self->layout;
  return pads;
}

/* Not called with lock held: others may hear of a pad's properties, which take
 * effect by themselves. Who finds another layout afterwards may have undone it
 * in part, and lays that out. */
static void
lay_out (VmtGrid *self)
{
  guint layout = 0;
  gboolean again;

  do {
    g_autoptr (GPtrArray) pads = NULL;

    g_mutex_lock (&self->lock);
    pads = list_pictures (self, &layout);
    g_mutex_unlock (&self->lock);
    for (guint i = 0; i < pads->len; i++) {
      VmtCell cell = vmt_grid_cell (pads->len, i);

      g_object_set (g_ptr_array_index (pads, i), "xpos", cell.x, "ypos", cell.y,
          "width", cell.width, "height", cell.height, NULL);
    }
    g_mutex_lock (&self->lock);
    again = layout != self->layout;
    g_mutex_unlock (&self->lock);
  } while (again);
}

static const gchar *
video_line (void)
{
  g_autoptr (GstElementFactory) overlay =
      gst_element_factory_find ("textoverlay");

  return overlay ? QUEUE "videoconvert ! textoverlay name=title "
                         "halignment=left valignment=bottom "
                         "shaded-background=true font-desc=\"" NAME_FONT
                         "\" ! videoconvert name=last"
                 : QUEUE "videoconvert name=last";
}

/* A query that is answered in its turn, behind what waits in the queue, would
 * hold whoever asks as long as the window or the sound device holds the mix:
 * somebody who leaves then could not be taken out. What is behind the queue
 * takes frames of whatever layout, so that much is answered at once. */
static GstPadProbeReturn
on_query (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstQuery *query = GST_PAD_PROBE_INFO_QUERY (info);

  if (!GST_QUERY_IS_SERIALIZED (query))
    return GST_PAD_PROBE_OK;
  if (GST_QUERY_TYPE (query) != GST_QUERY_ALLOCATION)
    return GST_PAD_PROBE_DROP;
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return GST_PAD_PROBE_HANDLED;
}

static void
add_ghost (GstElement *part, const gchar *name, const gchar *pad_name)
{
  g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (part), name);
  g_autoptr (GstPad) target = gst_element_get_static_pad (element, pad_name);

  gst_element_add_pad (part, gst_ghost_pad_new (pad_name, target));
  if (gst_pad_get_direction (target) == GST_PAD_SINK)
    gst_pad_add_probe (
        target, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, on_query, NULL, NULL);
}

static GstElement *
make_part (gboolean video, const gchar *name)
{
  const gchar *line =
      video ? video_line () : QUEUE "audioconvert ! audioresample name=last";
  g_autoptr (GError) error = NULL;
  /* not by its open pads: textoverlay has one for text */
  GstElement *part = gst_parse_bin_from_description (line, FALSE, &error);
  g_autoptr (GstElement) title = NULL;

  if (!part) {
    GST_WARNING ("%s", error->message);
    return NULL;
  }
  add_ghost (part, "first", "sink");
  add_ghost (part, "last", "src");
  title = gst_bin_get_by_name (GST_BIN (part), "title");
  /* it reads its text as markup */
  if (title) {
    g_autofree gchar *safe = vmt_text_safe (name);
    g_autofree gchar *markup = g_markup_escape_text (safe, -1);

    g_object_set (title, "text", markup, NULL);
  }
  return part;
}

/* The pad of the mix that is asked for, outside of its bin. */
static GstPad *
request_mix (GstElement *bin, gboolean video)
{
  g_autoptr (GstElement) mix = gst_bin_get_by_name (GST_BIN (bin), "mix");
  GstPad *pad = gst_element_request_pad_simple (mix, "sink_%u");

  if (video)
    gst_util_set_object_arg (
        G_OBJECT (pad), "sizing-policy", "keep-aspect-ratio");
  return pad;
}

GstPad *
vmt_grid_add (VmtGrid *self, gboolean video, const gchar *name)
{
  GstElement *bin = video ? self->video : self->audio;
  GstElement *part = bin ? make_part (video, name) : NULL;
  g_autoptr (GstPad) src = NULL;
  Tile *tile;

  if (!part)
    return NULL;
  tile = g_new0 (Tile, 1);
  tile->video = video;
  tile->part = gst_object_ref_sink (part);
  tile->sink = gst_element_get_static_pad (part, "sink");
  tile->mix = request_mix (bin, video);
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->tiles, tile);
  self->layout++;
  g_mutex_unlock (&self->lock);
  lay_out (self);
  gst_bin_add (GST_BIN (bin), part);
  src = gst_element_get_static_pad (part, "src");
  gst_pad_link (src, tile->mix);
  gst_element_sync_state_with_parent (part);
  /* what is fed from outside of the bin needs a pad on it */
  {
    GstPad *ghost = gst_ghost_pad_new (NULL, tile->sink);

    gst_pad_set_active (ghost, TRUE);
    gst_element_add_pad (bin, ghost);
    g_mutex_lock (&self->lock);
    gst_object_unref (tile->sink);
    tile->sink = gst_object_ref (ghost);
    g_mutex_unlock (&self->lock);
    return ghost;
  }
}

static Tile *
steal_tile (VmtGrid *self, GstPad *pad)
{
  Tile *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->tiles->len && !found; i++) {
    if (((Tile *) g_ptr_array_index (self->tiles, i))->sink == pad)
      found = g_ptr_array_steal_index (self->tiles, i);
  }
  self->layout += found != NULL;
  g_mutex_unlock (&self->lock);
  if (found)
    lay_out (self);
  return found;
}

void
vmt_grid_remove (VmtGrid *self, GstPad *pad)
{
  Tile *tile = steal_tile (self, pad);
  GstElement *bin;
  g_autoptr (GstElement) mix = NULL;

  if (!tile)
    return;
  bin = tile->video ? self->video : self->audio;
  /* lets a thread go that waits in the mix */
  gst_pad_set_active (tile->mix, FALSE);
  gst_element_set_locked_state (tile->part, TRUE);
  gst_element_set_state (tile->part, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (bin), tile->part);
  gst_element_remove_pad (bin, tile->sink);
  mix = gst_pad_get_parent_element (tile->mix);
  if (mix)
    gst_element_release_request_pad (mix, tile->mix);
  tile_free (tile);
}

void
vmt_grid_end (VmtGrid *self)
{
  GstElement *const bins[] = { self->video, self->audio };

  for (guint i = 0; i < G_N_ELEMENTS (bins); i++) {
    g_autoptr (GstElement) nobody =
        bins[i] ? gst_bin_get_by_name (GST_BIN (bins[i]), "nobody") : NULL;

    if (nobody)
      gst_element_send_event (nobody, gst_event_new_eos ());
  }
}

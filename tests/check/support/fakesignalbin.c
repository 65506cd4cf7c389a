/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/fakesignalbin.h"

#include "session/session-priv.h"

#include <gst/videomeet/videomeet.h>

#define TAKEN_MS (VMT_CROSSING_MS + 500) /* a refusal waits no longer */

typedef struct
{
  GstGhostPad parent;
} FakePad;

typedef struct
{
  GstGhostPadClass parent;
} FakePadClass;

static GType fake_pad_get_type (void);
G_DEFINE_TYPE (FakePad, fake_pad, GST_TYPE_GHOST_PAD)

static void
fake_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_string (value, "002");
}

static void
fake_pad_class_init (FakePadClass *klass)
{
  G_OBJECT_CLASS (klass)->get_property = fake_pad_get_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), 1,
      g_param_spec_string (
          "participant-id", NULL, NULL, NULL, G_PARAM_READABLE));
}

static void
fake_pad_init (FakePad *self)
{
}

enum
{
  PROP_MEETING = 1,
  PROP_URI,
  PROP_USER,
  PROP_PIN,
  PROP_CODECS,
  PROP_RECORD_DIR,
  PROP_HOST_KEY,
  PROP_ASK_HOST,
  PROP_MODE,
  PROP_CALL_TYPE,
  PROP_MUTE_AUDIO,
  PROP_MUTE_VIDEO,
  PROP_MAX_PARTICIPANTS,
  PROP_STATS,
};

typedef struct
{
  GstBin parent;
  gchar *meeting;
  gint mode;
  guint accepted, rejected, called; /* calls; main thread */
} FakeSignalBin;

typedef struct
{
  GstBinClass parent;
} FakeSignalBinClass;

static GType fake_signal_bin_get_type (void);
G_DEFINE_TYPE (FakeSignalBin, fake_signal_bin, GST_TYPE_BIN)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "audio_sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate video_template = GST_STATIC_PAD_TEMPLATE (
    "video_sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate audio_src_template = GST_STATIC_PAD_TEMPLATE (
    "audio_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate video_src_template = GST_STATIC_PAD_TEMPLATE (
    "video_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);

static void
post (FakeSignalBin *self, GstStructure *structure)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), structure));
}

static const gchar *
link_of (FakeSignalBin *self)
{
  return g_str_equal (self->meeting, "offline")
             ? "https://127.0.0.1:8080/?meeting=x"
             : "https://10.0.0.1:8080/?meeting=x";
}

static void
post_state (FakeSignalBin *self, const gchar *old, const gchar *new)
{
  post (self,
      gst_structure_new ("vm-meeting-state-changed", "old", G_TYPE_STRING, old,
          "new", G_TYPE_STRING, new, "id", G_TYPE_STRING, "m1", "name",
          G_TYPE_STRING, self->meeting, "link", G_TYPE_STRING, link_of (self),
          "hosting", G_TYPE_BOOLEAN, self->mode == VM_MEETING_MODE_HOST, NULL));
}

static void
post_bob (FakeSignalBin *self, const gchar *name, const gchar *more,
    const gchar *value)
{
  GstStructure *s = gst_structure_new (
      name, "id", G_TYPE_STRING, "002", "user", G_TYPE_STRING, "Bob", NULL);

  if (more)
    gst_structure_set (s, more, G_TYPE_STRING, value, NULL);
  post (self, s);
}

static void
post_joined (FakeSignalBin *self)
{
  post (self, gst_structure_new ("vm-joined", "id", G_TYPE_STRING, "001",
                  "link", G_TYPE_STRING, link_of (self), "hosting",
                  G_TYPE_BOOLEAN, self->mode == VM_MEETING_MODE_HOST, NULL));
}

/* Atomic, of sound and picture each. */
static gint sent_back[2]; /* buffers */
static gint shared; /* buffers of the second picture */
static gint muted[2];
static gint values[2]; /* the loudest sample, or the first pixel, of the last */
static gint gaps[2]; /* ms, the longest between two buffers */
static GstClockTime last[2]; /* of the pad's thread alone */

guint
fake_signal_bin_count (gboolean video)
{
  return g_atomic_int_get (&sent_back[video]);
}

guint
fake_signal_bin_count_shared (void)
{
  return g_atomic_int_get (&shared);
}

gboolean
fake_signal_bin_is_muted (gboolean video)
{
  return g_atomic_int_get (&muted[video]);
}

gint
fake_signal_bin_get_value (gboolean video)
{
  return g_atomic_int_get (&values[video]);
}

guint
fake_signal_bin_get_gap (gboolean video)
{
  return g_atomic_int_get (&gaps[video]);
}

/* Of pictures with a luma plane, and of samples of 16 bits. */
static gint
value_of (gboolean video, GstBuffer *buffer)
{
  GstMapInfo map;
  gint value = 0;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  if (video)
    value = map.data[0];
  else
    for (gsize i = 0; i < map.size / 2; i++)
      value = MAX (value, ((gint16 *) map.data)[i]);
  gst_buffer_unmap (buffer, &map);
  return value;
}

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer counter)
{
  gboolean video = (gint *) counter == &sent_back[TRUE];
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  GstClockTime from = last[video], pts = GST_BUFFER_PTS (buffer);

  g_atomic_int_set (&values[video], value_of (video, buffer));
  if (GST_CLOCK_TIME_IS_VALID (pts)) {
    if (GST_CLOCK_TIME_IS_VALID (from))
      g_atomic_int_set (&gaps[video],
          MAX (g_atomic_int_get (&gaps[video]),
              (gint) (ABS (GST_CLOCK_DIFF (from, pts)) / GST_MSECOND)));
    last[video] = pts;
  }
  g_atomic_int_inc ((gint *) counter);
  return GST_PAD_PROBE_OK;
}

static void
send_back (FakeSignalBin *self, const gchar *name, const gchar *pad_name,
    GstStaticPadTemplate *template)
{
  g_autoptr (GstElement) tee = gst_bin_get_by_name (GST_BIN (self), name);
  g_autoptr (GstPad) sink = NULL, target = NULL;
  g_autoptr (GstPadTemplate) templ = NULL;
  GstPad *pad;

  if (!tee)
    return;
  /* what is sent while a pad is made would not be sent to it */
  sink = gst_element_get_static_pad (tee, "sink");
  GST_PAD_STREAM_LOCK (sink);
  target = gst_element_request_pad_simple (tee, "src_%u");
  GST_PAD_STREAM_UNLOCK (sink);
  templ = gst_static_pad_template_get (template);
  pad = g_object_new (fake_pad_get_type (), "name", pad_name, "direction",
      GST_PAD_SRC, "template", templ, NULL);
  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), target);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count,
      &sent_back[g_str_equal (name, "video")], NULL);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), pad);
}

/* Where this side calls. */
static gboolean
is_of_calls (FakeSignalBin *self)
{
  return g_str_equal (self->meeting, "crossed")
         || g_str_equal (self->meeting, "disturbed");
}

static void
play (FakeSignalBin *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (sent_back); i++) {
    g_atomic_int_set (&sent_back[i], 0);
    g_atomic_int_set (&gaps[i], 0);
    last[i] = GST_CLOCK_TIME_NONE;
  }
  if (g_str_equal (self->meeting, "silent")
      || g_str_equal (self->meeting, "late"))
    return;
  if (g_str_equal (self->meeting, "refused")) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("There is no meeting of that name."), (NULL),
        ("code", G_TYPE_STRING, "MEETING_NOT_FOUND", NULL));
    return;
  }
  if (g_str_equal (self->meeting, "token")) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("The token has expired"), (NULL),
        ("code", G_TYPE_STRING, "CAP_EXPIRED", NULL));
    return;
  }
  if (g_str_equal (self->meeting, "nowhere")) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("No device on this network hosts it."), (NULL),
        ("code", G_TYPE_STRING, "TIMEOUT", NULL));
    return;
  }
  if (g_str_equal (self->meeting, "missed")) {
    post_joined (self);
    post_bob (self, "vm-call-offered", "call-type", "audio");
    post_bob (self, "vm-call-missed", NULL, NULL);
    post_bob (self, "vm-call-offered", "call-type", "audio");
    return;
  }
  if (is_of_calls (self)) {
    post_joined (self);
    return;
  }
  post_state (self, "created", "announced");
  post_joined (self);
  if (g_str_equal (self->meeting, "ends")) {
    post_state (self, "announced", "ended");
    return;
  }
  post_bob (self, "vm-participant-joined", "device", "laptop");
  post_bob (self, "vm-participant-state-changed", "new", "connected");
  post_bob (self, "vm-path-changed", "path", "host");
  send_back (self, "video", "video_src_0", &video_src_template);
  send_back (self, "audio", "audio_src_0", &audio_src_template);
  if (g_str_equal (self->meeting, "disk full")) {
    post (self, gst_structure_new ("vm-record", "id", G_TYPE_STRING, "002",
                    "user", G_TYPE_STRING, "Bob", "location", G_TYPE_STRING,
                    "rec/bob.mkv", "event", G_TYPE_STRING, "failed", "message",
                    G_TYPE_STRING, "No space left", NULL));
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("The recording of Bob (002) into rec/bob.mkv failed: No space left"),
        (NULL));
  }
  if (g_str_equal (self->meeting, "burst")) {
    for (guint i = 0; i < 900; i++)
      post_bob (self, "vm-presence", "status", i % 2 ? "available" : "away");
    post_bob (self, "vm-presence", "status", "lunch");
  }
  if (g_str_equal (self->meeting, "leaves"))
    post_bob (self, "vm-participant-left", "message", "The network is gone.");
}

static void
connect_bob (FakeSignalBin *self)
{
  post_bob (self, "vm-participant-joined", "device", "phone");
  post_bob (self, "vm-participant-state-changed", "new", "connected");
}

/* The first one comes too late. */
static void
accept_call (FakeSignalBin *self)
{
  if (g_str_equal (self->meeting, "crossed"))
    post_bob (self, "vm-call-missed", NULL, NULL);
  else if (++self->accepted == 2)
    connect_bob (self);
}

static void
reject_call (FakeSignalBin *self)
{
  self->rejected++;
}

static gboolean
on_taken (gpointer self)
{
  connect_bob (self);
  return G_SOURCE_REMOVE;
}

/* The first one finds another call under way. */
static void
call (FakeSignalBin *self, const gchar *user)
{
  if (++self->called > 1) {
    g_assert_cmpuint (self->rejected, ==, 1);
    g_timeout_add_full (G_PRIORITY_DEFAULT, TAKEN_MS, on_taken,
        gst_object_ref (self), gst_object_unref);
    return;
  }
  post_bob (self, "vm-participant-joined", "device", "phone");
  post_bob (self, "vm-participant-left", "code",
      vm_error_to_code (VM_ERROR_DECLINED));
  if (g_str_equal (self->meeting, "crossed"))
    post_bob (self, "vm-call-offered", "call-type", "audio");
  else
    post (self, gst_structure_new ("vm-call-offered", "id", G_TYPE_STRING,
                    "003", "user", G_TYPE_STRING, "Carl", "call-type",
                    G_TYPE_STRING, "audio", NULL));
}

static GstStateChangeReturn
fake_signal_bin_change_state (GstElement *element, GstStateChange change)
{
  FakeSignalBin *self = (FakeSignalBin *) element;
  GstStateChangeReturn result = GST_ELEMENT_CLASS (fake_signal_bin_parent_class)
                                    ->change_state (element, change);

  if (change == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    play (self);
  if (change == GST_STATE_CHANGE_PLAYING_TO_PAUSED
      && g_str_equal (self->meeting, "late"))
    post_joined (self);
  if (change == GST_STATE_CHANGE_READY_TO_PAUSED)
    return GST_STATE_CHANGE_NO_PREROLL;
  return result;
}

static gboolean
fake_signal_bin_send_event (GstElement *element, GstEvent *event)
{
  FakeSignalBin *self = (FakeSignalBin *) element;

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    if (g_str_equal (self->meeting, "left"))
      post_state (self, "active", "idle");
    post_state (self, "active", "ended");
  }
  gst_event_unref (event);
  return TRUE;
}

static GstPadProbeReturn
count_shared (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc (&shared);
  return GST_PAD_PROBE_OK;
}

static GstElement *
add_tee (GstElement *element, const gchar *kind)
{
  GstElement *tee = gst_element_factory_make ("tee", kind);
  GstElement *drain = gst_element_factory_make ("fakesink", NULL);

  g_object_set (drain, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add_many (GST_BIN (element), tee, drain, NULL);
  gst_element_link (tee, drain);
  gst_element_sync_state_with_parent (drain);
  gst_element_sync_state_with_parent (tee);
  return tee;
}

static GstPad *
fake_signal_bin_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  const gchar *kind = g_str_equal (name, "video_sink_1") ? "screen"
                      : g_str_has_prefix (name, "video") ? "video"
                                                         : "audio";
  /* what comes in place of another goes on where that went */
  g_autoptr (GstElement) before = gst_bin_get_by_name (GST_BIN (element), kind);
  GstElement *tee = before ? before : add_tee (element, kind);
  g_autoptr (GstPad) target = gst_element_get_static_pad (tee, "sink");
  GstPad *pad = gst_ghost_pad_new_from_template (name, target, templ);

  if (g_str_equal (kind, "screen"))
    gst_pad_add_probe (
        pad, GST_PAD_PROBE_TYPE_BUFFER, count_shared, NULL, NULL);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  return pad;
}

static void
fake_signal_bin_release_pad (GstElement *element, GstPad *pad)
{
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
}

static void
fake_signal_bin_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FakeSignalBin *self = (FakeSignalBin *) object;

  if (id == PROP_MEETING) {
    g_free (self->meeting);
    self->meeting = g_value_dup_string (value);
  } else if (id == PROP_URI) {
    g_free (self->meeting);
    self->meeting = g_path_get_basename (g_value_get_string (value));
  } else if (id == PROP_MODE)
    self->mode = g_value_get_enum (value);
  else if (id == PROP_MUTE_AUDIO || id == PROP_MUTE_VIDEO)
    g_atomic_int_set (
        &muted[id == PROP_MUTE_VIDEO], g_value_get_boolean (value));
}

static void
fake_signal_bin_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstStructure *stats, *bob;

  if (id == PROP_MUTE_AUDIO || id == PROP_MUTE_VIDEO)
    g_value_set_boolean (
        value, g_atomic_int_get (&muted[id == PROP_MUTE_VIDEO]));
  if (id != PROP_STATS)
    return;
  bob = gst_structure_new ("vm-peer-stats", "rtt-ms", G_TYPE_UINT, 7, NULL);
  stats = gst_structure_new ("vm-stats", "002", GST_TYPE_STRUCTURE, bob, NULL);
  gst_structure_free (bob);
  g_value_take_boxed (value, stats);
}

static void
fake_signal_bin_finalize (GObject *object)
{
  g_free (((FakeSignalBin *) object)->meeting);
  G_OBJECT_CLASS (fake_signal_bin_parent_class)->finalize (object);
}

static void
fake_signal_bin_class_init (FakeSignalBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  static const gchar *const strings[] = { "meeting", "uri", "user", "pin",
    "codecs", "record-dir", "host-key" };

  object_class->set_property = fake_signal_bin_set_property;
  object_class->get_property = fake_signal_bin_get_property;
  object_class->finalize = fake_signal_bin_finalize;
  element_class->change_state = fake_signal_bin_change_state;
  element_class->send_event = fake_signal_bin_send_event;
  element_class->request_new_pad = fake_signal_bin_request_new_pad;
  element_class->release_pad = fake_signal_bin_release_pad;
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_object_class_install_property (object_class, PROP_MEETING + i,
        g_param_spec_string (strings[i], NULL, NULL, NULL, G_PARAM_WRITABLE));
  g_object_class_install_property (object_class, PROP_MODE,
      g_param_spec_enum (
          "mode", NULL, NULL, VM_TYPE_MEETING_MODE, 0, G_PARAM_WRITABLE));
  g_object_class_install_property (object_class, PROP_CALL_TYPE,
      g_param_spec_enum (
          "call-type", NULL, NULL, VM_TYPE_CALL_TYPE, 0, G_PARAM_WRITABLE));
  g_object_class_install_property (object_class, PROP_ASK_HOST,
      g_param_spec_boolean ("ask-host", NULL, NULL, FALSE, G_PARAM_WRITABLE));
  g_object_class_install_property (object_class, PROP_MUTE_AUDIO,
      g_param_spec_boolean (
          "mute-audio", NULL, NULL, FALSE, G_PARAM_READWRITE));
  g_object_class_install_property (object_class, PROP_MUTE_VIDEO,
      g_param_spec_boolean (
          "mute-video", NULL, NULL, FALSE, G_PARAM_READWRITE));
  g_object_class_install_property (object_class, PROP_MAX_PARTICIPANTS,
      g_param_spec_uint (
          "max-participants", NULL, NULL, 2, 1000, 10, G_PARAM_WRITABLE));
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed (
          "stats", NULL, NULL, GST_TYPE_STRUCTURE, G_PARAM_READABLE));
  g_signal_new_class_handler ("accept-call", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (accept_call), NULL, NULL,
      NULL, G_TYPE_NONE, 0);
  g_signal_new_class_handler ("reject-call", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (reject_call), NULL, NULL,
      NULL, G_TYPE_NONE, 0);
  g_signal_new_class_handler ("call", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (call), NULL, NULL, NULL,
      G_TYPE_NONE, 1, G_TYPE_STRING);
  g_signal_new ("compared-digits", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, G_TYPE_BOOLEAN);
  g_signal_new ("confirm-host", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, G_TYPE_BOOLEAN);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &video_template);
  gst_element_class_add_static_pad_template (
      element_class, &audio_src_template);
  gst_element_class_add_static_pad_template (
      element_class, &video_src_template);
  gst_element_class_set_static_metadata (element_class, "Fake meeting", "Bin",
      "A meeting without a network", "nobody");
}

static void
fake_signal_bin_init (FakeSignalBin *self)
{
  g_atomic_int_set (&shared, 0);
  for (guint i = 0; i < G_N_ELEMENTS (muted); i++)
    g_atomic_int_set (&muted[i], FALSE);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
}

void
fake_signal_bin_register (void)
{
  gst_element_register (NULL, "vmsignalbin", GST_RANK_PRIMARY + 1000,
      fake_signal_bin_get_type ());
}

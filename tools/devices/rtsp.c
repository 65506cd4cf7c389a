/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/rtsp.h"
#include "devices/camera.h"
#include "devices/rtspaddress.h"

#include <gio/gio.h>

enum
{
  VIDEO,
  AUDIO,
  N_STREAMS
};

static const gchar *const media_names[] = { "video", "audio" };

/* What of a camera can be sent. */
typedef struct
{
  gint stream;
  const gchar *encoding; /* in SDP */
  const gchar *take; /* the elements that take it out of RTP */
  const gchar *decode; /* caps of what is decoded; NULL: it goes as it comes */
} Format;

static const Format formats[] = {
  { VIDEO, "H264", "rtph264depay ! h264parse config-interval=-1", NULL },
  { VIDEO, "VP8", "rtpvp8depay", NULL },
  { VIDEO, "H265", "rtph265depay ! h265parse", "video/x-h265" },
  { VIDEO, "JPEG", "rtpjpegdepay", "image/jpeg" },
  { AUDIO, "OPUS", "rtpopusdepay ! opusparse", NULL },
  { AUDIO, "PCMU", "rtppcmudepay", "audio/x-mulaw" },
  { AUDIO, "PCMA", "rtppcmadepay", "audio/x-alaw" },
  { AUDIO, "MPEG4-GENERIC", "rtpmp4gdepay ! aacparse",
      "audio/mpeg,mpegversion=(int)4" },
};

/* A queue that is full loses its oldest raw frames. */
#define DECODED_VIDEO \
  " ! queue max-size-buffers=4 leaky=downstream ! videoconvert"
#define DECODED_AUDIO                                        \
  " ! queue max-size-buffers=0 max-size-bytes=0 "            \
  "max-size-time=200000000 leaky=downstream ! audioconvert " \
  "! audioresample"
/* ms for a lost packet that comes again, or late; where nothing is lost, TCP */
#define DATAGRAM_LATENCY 200
/* A camera's times are those of the pipeline, as long as they are not further
 * off. */
#define OFF_MAX (500 * GST_MSECOND)

#define NO_NUMBER G_MAXUINT

struct _VmtRtsp
{
  GstBin parent;

  VmtRtspAddress *address;
  const Format *streams[N_STREAMS]; /* NULL: it has none, or it is not sent */
  GstElement *gates[N_STREAMS]; /* identity; the bin's */
  gchar *note; /* or NULL */

  GMutex lock; /* guards what follows */
  gchar *refused; /* a sentence about its certificate; or NULL */
  GstElement *part; /* that is connected; the bin's; NULL: none is */
  gboolean gone; /* it is to be let go */
  gboolean there; /* something of it was sent */
  gboolean told; /* that it is lost */
  gboolean closed;
  guint numbers[N_STREAMS]; /* in its description, or NO_NUMBER */
  gboolean began[N_STREAMS]; /* with what needs nothing before it */
  gboolean timed; /* there is an @offset */
  GstClockTimeDiff offset; /* to be added to its times */
  gint64 since_us; /* when it was connected to, sent something, or was lost */
};

G_DEFINE_FINAL_TYPE (VmtRtsp, vmt_rtsp, GST_TYPE_BIN)

static void
tell (VmtRtsp *self, const gchar *event, const gchar *message)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vmt-rtsp", "event", G_TYPE_STRING, event, "name",
              G_TYPE_STRING, self->address->name, "message", G_TYPE_STRING,
              message, NULL)));
}

/* rtspsrc's own words name what was asked for, and not what to do. */
static gchar *
describe (VmtRtsp *self, const GError *error)
{
  const gchar *name = self->address->name;
  g_autofree gchar *refused = NULL;

  g_mutex_lock (&self->lock);
  refused = g_steal_pointer (&self->refused);
  g_mutex_unlock (&self->lock);
  if (refused)
    return g_steal_pointer (&refused);
  if (g_error_matches (
          error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_AUTHORIZED))
    return self->address->user
               ? g_strdup_printf (
                   "The camera %s refuses this user or password.", name)
               : g_strdup_printf ("The camera %s wants a user and a password: "
                                  "rtsp://USER:PASSWORD@%s/….",
                   name, name);
  if (g_error_matches (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND))
    return g_strdup_printf (
        "The camera %s has nothing under this address.", name);
  if (error->domain == GST_RESOURCE_ERROR)
    return g_strdup_printf ("The camera %s cannot be reached.", name);
  return g_strdup_printf (
      "The camera %s cannot be used: %s", name, error->message);
}

/* What is lost */

static void
lose (VmtRtsp *self, GstElement *part, const gchar *why)
{
  gboolean news = FALSE;

  g_mutex_lock (&self->lock);
  if (part && part == self->part && !self->gone && !self->closed) {
    self->gone = TRUE;
    self->there = FALSE;
    self->since_us = g_get_monotonic_time ();
    news = !self->told;
    self->told = TRUE;
  }
  g_mutex_unlock (&self->lock);
  if (news)
    tell (self, "lost", why);
}

/* What fails is the camera; and what fails of one that was let go is no news.
 * On any thread. */
static void
vmt_rtsp_handle_message (GstBin *bin, GstMessage *message)
{
  VmtRtsp *self = VMT_RTSP (bin);
  GstObject *at = GST_MESSAGE_SRC (message);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *why = NULL;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR) {
    GST_BIN_CLASS (vmt_rtsp_parent_class)->handle_message (bin, message);
    return;
  }
  while (at && GST_OBJECT_PARENT (at) != GST_OBJECT (self))
    at = GST_OBJECT_PARENT (at);
  gst_message_parse_error (message, &error, NULL);
  GST_WARNING_OBJECT (self, "%s", error->message);
  why = describe (self, error);
  if (at)
    lose (self, GST_ELEMENT (at), why);
  gst_message_unref (message);
}

static void
vmt_rtsp_finalize (GObject *object)
{
  VmtRtsp *self = VMT_RTSP (object);

  g_clear_pointer (&self->address, vmt_rtsp_address_free);
  g_free (self->note);
  g_free (self->refused);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (vmt_rtsp_parent_class)->finalize (object);
}

static void
vmt_rtsp_class_init (VmtRtspClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = vmt_rtsp_finalize;
  GST_BIN_CLASS (klass)->handle_message = vmt_rtsp_handle_message;
}

static void
vmt_rtsp_init (VmtRtsp *self)
{
  g_mutex_init (&self->lock);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}

/* The source */

/* What is wrong with a certificate that nobody trusts. */
static const gchar *
describe_flaw (GTlsCertificateFlags flaws)
{
  if (flaws & G_TLS_CERTIFICATE_EXPIRED)
    return "has expired";
  if (flaws & G_TLS_CERTIFICATE_NOT_ACTIVATED)
    return "is not valid yet";
  if (flaws & G_TLS_CERTIFICATE_REVOKED)
    return "was revoked";
  if (flaws & G_TLS_CERTIFICATE_UNKNOWN_CA)
    return "is signed by nobody this machine trusts";
  if (flaws & G_TLS_CERTIFICATE_BAD_IDENTITY)
    return "is for another name";
  return "is not good enough";
}

/* Called where the system does not trust it. On any thread. */
static gboolean
on_certificate (GstElement *source, GTlsConnection *connection,
    GTlsCertificate *certificate, GTlsCertificateFlags flaws, VmtRtsp *self)
{
  const VmtRtspAddress *address = self->address;
  g_autoptr (GByteArray) der = NULL;
  g_autofree gchar *fingerprint = NULL;
  gboolean same;

  g_object_get (certificate, "certificate", &der, NULL);
  fingerprint = vmt_rtsp_fingerprint (der->data, der->len);
  same = g_strcmp0 (fingerprint, address->fingerprint) == 0;
  g_mutex_lock (&self->lock);
  g_free (self->refused);
  self->refused =
      same ? NULL
      : address->fingerprint
          ? g_strdup_printf (
              "The camera %s has another certificate than that of the "
              "fingerprint in its address: somebody may be posing. Its "
              "fingerprint is %s.",
              address->name, fingerprint)
          : g_strdup_printf (
              "The certificate of the camera %s %s. If its SHA-256 "
              "fingerprint is %s, as the camera's own page shows it, write it "
              "behind the address: rtsps://…#%s",
              address->name, describe_flaw (flaws), fingerprint, fingerprint);
  g_mutex_unlock (&self->lock);
  return same;
}

static GstElement *
make_source (VmtRtsp *self, GError **error)
{
  const VmtRtspAddress *address = self->address;
  GstElement *source = gst_element_factory_make ("rtspsrc", NULL);
  gboolean plain = g_ascii_strncasecmp (address->location, "rtsp:", 5) == 0;
  gboolean safe = vmt_is_rtsps (address->location);
  gboolean datagrams =
      g_ascii_strncasecmp (address->location, "rtspu:", 6) == 0;

  if (!source) {
    g_set_error_literal (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "The element rtspsrc is missing (gst-plugins-good).");
    return NULL;
  }
  g_object_set (source, "location", address->location, "latency",
      datagrams ? DATAGRAM_LATENCY : 0, "timeout",
      (guint64) VMT_RTSP_SILENCE * 1000, "tcp-timeout",
      (guint64) VMT_RTSP_SILENCE * 1000, "do-rtsp-keep-alive", TRUE, NULL);
  /* nothing of it is lost: no key frame can be asked for */
  if (plain)
    gst_util_set_object_arg (G_OBJECT (source), "protocols", "tcp");
  /* else pictures and sound would go by UDP, for everybody to see */
  if (safe) {
    gst_util_set_object_arg (G_OBJECT (source), "protocols", "tcp+tls");
    g_signal_connect (
        source, "accept-certificate", G_CALLBACK (on_certificate), self);
  }
  if (address->user)
    g_object_set (source, "user-id", address->user, "user-pw",
        address->password ? address->password : "", NULL);
  return source;
}

static const Format *
find_format (const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const gchar *media = gst_structure_get_string (s, "media");
  const gchar *encoding = gst_structure_get_string (s, "encoding-name");

  for (guint i = 0; media && encoding && i < G_N_ELEMENTS (formats); i++)
    if (g_str_equal (media, media_names[formats[i].stream])
        && g_ascii_strcasecmp (encoding, formats[i].encoding) == 0)
      return &formats[i];
  return NULL;
}

/* Of a camera that comes back: the streams that there are, the first of each,
 * and no others. */
static gboolean
on_select_stream (
    GstElement *source, guint n, const GstCaps *caps, VmtRtsp *self)
{
  const Format *format = find_format (caps);
  gboolean taken = FALSE;

  if (!format || self->streams[format->stream] != format)
    return FALSE;
  g_mutex_lock (&self->lock);
  if (self->numbers[format->stream] == NO_NUMBER)
    self->numbers[format->stream] = n;
  taken = self->numbers[format->stream] == n;
  g_mutex_unlock (&self->lock);
  return taken;
}

/* A camera may have more than one picture: the first is taken. */
static void
on_pad_added (GstElement *source, GstPad *pad, GstElement *part)
{
  g_autoptr (GstCaps) caps = gst_pad_query_caps (pad, NULL);
  const Format *format = gst_caps_is_any (caps) || gst_caps_is_empty (caps)
                             ? NULL
                             : find_format (caps);
  g_autoptr (GstElement) chain =
      format ? gst_bin_get_by_name (GST_BIN (part), media_names[format->stream])
             : NULL;
  g_autoptr (GstPad) sink =
      chain ? gst_element_get_static_pad (chain, "sink") : NULL;

  if (sink && !gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
}

static GstElement *
make_chain (const Format *format, GError **error)
{
  g_autoptr (GstCaps) caps =
      format->decode ? gst_caps_from_string (format->decode) : NULL;
  g_autofree gchar *decoder = caps ? vmt_find_decoder (caps) : NULL;
  g_autofree gchar *line = NULL;
  GstElement *chain;

  if (caps && !decoder) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "The camera sends %s, for which no decoder is installed.",
        format->encoding);
    return NULL;
  }
  line = g_strconcat (format->take, decoder ? " ! " : "", decoder,
      !decoder                  ? ""
      : format->stream == VIDEO ? DECODED_VIDEO
                                : DECODED_AUDIO,
      NULL);
  chain = gst_parse_bin_from_description (line, TRUE, error);
  if (chain)
    gst_object_set_name (GST_OBJECT (chain), media_names[format->stream]);
  return chain;
}

static GstElement *
make_part (VmtRtsp *self, GError **error)
{
  GstElement *source = make_source (self, error), *part;

  if (!source)
    return NULL;
  part = gst_bin_new (NULL);
  gst_bin_add (GST_BIN (part), source);
  g_signal_connect (
      source, "select-stream", G_CALLBACK (on_select_stream), self);
  g_signal_connect (source, "pad-added", G_CALLBACK (on_pad_added), part);
  for (guint i = 0; i < N_STREAMS; i++) {
    GstElement *chain = NULL;
    g_autoptr (GstPad) src = NULL;

    if (!self->streams[i])
      continue;
    chain = make_chain (self->streams[i], error);
    if (!chain) {
      gst_object_unref (gst_object_ref_sink (part));
      return NULL;
    }
    gst_bin_add (GST_BIN (part), chain);
    src = gst_element_get_static_pad (chain, "src");
    gst_element_add_pad (part, gst_ghost_pad_new (media_names[i], src));
  }
  return part;
}

/* What comes */

/* With the lock held: its time in the pipeline. */
static void
set_time (VmtRtsp *self, GstPad *pad, GstBuffer *buffer)
{
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));
  const GstSegment *segment = NULL;
  GstClockTimeDiff off;

  if (event)
    gst_event_parse_segment (event, &segment);
  if (!self->timed && segment && GST_BUFFER_PTS_IS_VALID (buffer)
      && GST_CLOCK_TIME_IS_VALID (now)) {
    off = GST_CLOCK_DIFF (gst_segment_to_running_time (segment, GST_FORMAT_TIME,
                              GST_BUFFER_PTS (buffer)),
        now);
    self->offset = ABS (off) > (GstClockTimeDiff) OFF_MAX ? off : 0;
    self->timed = TRUE;
  }
  if (GST_BUFFER_PTS_IS_VALID (buffer)
      && (self->offset >= 0
          || GST_BUFFER_PTS (buffer) >= (GstClockTime) -self->offset))
    GST_BUFFER_PTS (buffer) += self->offset;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
}

static guint
stream_of (VmtRtsp *self, GstPad *pad)
{
  g_autoptr (GstElement) gate = gst_pad_get_parent_element (pad);

  return gate == self->gates[VIDEO] ? VIDEO : AUDIO;
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmtRtsp *self = user_data;
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  guint stream = stream_of (self, pad);
  gboolean taken, news = FALSE;

  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  g_mutex_lock (&self->lock);
  self->since_us = g_get_monotonic_time ();
  self->began[stream] |=
      !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  taken = self->began[stream] && self->part && !self->gone;
  if (taken) {
    set_time (self, pad, buffer);
    self->there = TRUE;
    news = self->told;
    self->told = FALSE;
  }
  g_mutex_unlock (&self->lock);
  if (news)
    tell (self, "used", NULL);
  return taken ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

/* With the end of every input vmsignalbin would end the call. */
static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmtRtsp *self = user_data;
  g_autofree gchar *why = NULL;
  GstElement *part;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  g_mutex_lock (&self->lock);
  part = self->part;
  g_mutex_unlock (&self->lock);
  why = g_strdup_printf (
      "The camera %s has ended the connection.", self->address->name);
  lose (self, part, why);
  return GST_PAD_PROBE_DROP;
}

static void
add_gate (VmtRtsp *self, guint stream)
{
  GstElement *gate = gst_element_factory_make ("identity", NULL);
  g_autoptr (GstPad) src = gst_element_get_static_pad (gate, "src");

  self->gates[stream] = gate;
  gst_bin_add (GST_BIN (self), gate);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, self, NULL);
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, self, NULL);
  gst_element_add_pad (
      GST_ELEMENT (self), gst_ghost_pad_new (media_names[stream], src));
}

/* Main thread; or before there is another. */
static void
bring_in (VmtRtsp *self, GstElement *part)
{
  gst_bin_add (GST_BIN (self), part);
  for (guint i = 0; i < N_STREAMS; i++)
    if (self->gates[i])
      gst_element_link_pads (part, media_names[i], self->gates[i], "sink");
  g_mutex_lock (&self->lock);
  self->part = part;
  self->gone = self->timed = FALSE;
  self->offset = 0;
  for (guint i = 0; i < N_STREAMS; i++) {
    self->began[i] = FALSE;
    self->numbers[i] = NO_NUMBER;
  }
  self->since_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
  gst_element_sync_state_with_parent (part);
}

typedef struct
{
  VmtRtsp *self;
  GstElement *part;
} Leaving;

static gpointer
let_go_thread (gpointer data)
{
  Leaving *leaving = data;

  gst_element_set_locked_state (leaving->part, TRUE);
  gst_element_set_state (leaving->part, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (leaving->self), leaving->part);
  gst_object_unref (leaving->part);
  gst_object_unref (leaving->self);
  g_free (leaving);
  return NULL;
}

/* A camera that is away may take its time to be let go: nobody waits for it. */
static void
let_go (VmtRtsp *self, GstElement *part)
{
  Leaving *leaving = g_new (Leaving, 1);

  for (guint i = 0; i < N_STREAMS; i++)
    if (self->gates[i])
      gst_element_unlink_pads (part, media_names[i], self->gates[i], "sink");
  leaving->self = gst_object_ref (self);
  leaving->part = gst_object_ref (part);
  g_thread_unref (g_thread_new ("vmt-let-go", let_go_thread, leaving));
}

void
vmt_rtsp_tick (VmtRtsp *self)
{
  g_autoptr (GError) error = NULL;
  GstElement *part, *gone = NULL;
  gint64 past_ms;
  gboolean due, silent;

  g_mutex_lock (&self->lock);
  past_ms = (g_get_monotonic_time () - self->since_us) / 1000;
  part = self->part;
  silent = part && !self->gone
           && past_ms >= (self->there ? VMT_RTSP_SILENCE : VMT_RTSP_WAIT);
  if (self->gone)
    gone = g_steal_pointer (&self->part);
  self->gone = FALSE;
  due = !part && past_ms >= VMT_RTSP_RETRY && !self->closed;
  g_mutex_unlock (&self->lock);
  if (silent) {
    g_autofree gchar *why = g_strdup_printf (
        "Nothing comes from the camera %s.", self->address->name);

    lose (self, part, why);
  }
  if (gone)
    let_go (self, gone);
  if (due && (part = make_part (self, &error)))
    bring_in (self, part);
}

void
vmt_rtsp_close (VmtRtsp *self)
{
  g_mutex_lock (&self->lock);
  self->closed = TRUE;
  g_mutex_unlock (&self->lock);
}

/* The first look */

typedef struct
{
  gboolean audio_only;
  GMutex lock; /* guards what follows */
  const Format *found[N_STREAMS];
  gchar *unknown[N_STREAMS]; /* what it sends instead */
} Look;

static gboolean
on_look (GstElement *source, guint n, const GstCaps *caps, Look *look)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const Format *format = find_format (caps);
  gboolean taken = FALSE;

  g_mutex_lock (&look->lock);
  if (format && !look->found[format->stream]
      && (format->stream == AUDIO || !look->audio_only)) {
    look->found[format->stream] = format;
    taken = TRUE;
  }
  for (guint i = 0; !format && i < N_STREAMS; i++) {
    const gchar *encoding = gst_structure_get_string (s, "encoding-name");

    if (g_strcmp0 (gst_structure_get_string (s, "media"), media_names[i]) == 0
        && !look->unknown[i])
      look->unknown[i] = g_strdup (encoding ? encoding : "an unknown format");
  }
  g_mutex_unlock (&look->lock);
  return taken;
}

/* Until the camera has said what it sends, and agreed to send it. */
static gboolean
wait_for_answer (VmtRtsp *self, GstBus *bus, GError **error)
{
  gint64 end = g_get_monotonic_time () + VMT_RTSP_WAIT * 1000;

  for (;;) {
    gint64 left = MAX (end - g_get_monotonic_time (), 0);
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        bus, left * 1000, GST_MESSAGE_ERROR | GST_MESSAGE_PROGRESS);
    g_autoptr (GError) why = NULL;
    g_autofree gchar *code = NULL, *sentence = NULL;
    GstProgressType type;

    if (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_PROGRESS) {
      gst_message_parse_progress (message, &type, &code, NULL);
      if (type == GST_PROGRESS_TYPE_COMPLETE && g_str_equal (code, "open"))
        return TRUE;
      continue;
    }
    if (message) {
      gst_message_parse_error (message, &why, NULL);
      sentence = describe (self, why);
    } else {
      sentence = g_strdup_printf (
          "The camera %s does not answer.", self->address->name);
    }
    g_set_error_literal (
        error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ, sentence);
    return FALSE;
  }
}

/* One that cannot be decoded is left out where there is the other. */
static gboolean
take_streams (VmtRtsp *self, Look *look, GError **error)
{
  for (guint i = 0; i < N_STREAMS; i++) {
    g_autoptr (GError) why = NULL;
    GstElement *chain;

    if (look->found[i] && (chain = make_chain (look->found[i], &why))) {
      gst_object_unref (gst_object_ref_sink (chain));
      self->streams[i] = look->found[i];
    } else if (!(i == VIDEO && look->audio_only)
               && (look->found[i] || look->unknown[i])) {
      g_free (self->note);
      self->note = why ? g_strdup_printf ("No %s is sent: %s",
                       i == VIDEO ? "picture" : "sound", why->message)
                       : g_strdup_printf (
                           "No %s of the camera %s is sent: it comes as %s.",
                           i == VIDEO ? "picture" : "sound",
                           self->address->name, look->unknown[i]);
    }
  }
  if (self->streams[VIDEO] || self->streams[AUDIO])
    return TRUE;
  g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND, "%s",
      self->note ? self->note : "The camera has nothing that can be sent.");
  return FALSE;
}

/* The camera is asked what it has, and let go. */
static gboolean
look_at (VmtRtsp *self, gboolean audio_only, GError **error)
{
  Look look = { .audio_only = audio_only };
  GstElement *source = make_source (self, error);
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstBus) bus = NULL;
  gboolean answered;

  if (!source)
    return FALSE;
  g_mutex_init (&look.lock);
  pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  bus = gst_element_get_bus (pipeline);
  g_signal_connect (source, "select-stream", G_CALLBACK (on_look), &look);
  gst_bin_add (GST_BIN (pipeline), source);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  answered = wait_for_answer (self, bus, error);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  answered = answered && take_streams (self, &look, error);
  for (guint i = 0; i < N_STREAMS; i++)
    g_free (look.unknown[i]);
  g_mutex_clear (&look.lock);
  return answered;
}

VmtRtsp *
vmt_rtsp_new (const gchar *uri, gboolean audio_only, GError **error)
{
  g_autoptr (VmtRtsp) self =
      gst_object_ref_sink (g_object_new (VMT_TYPE_RTSP, "name", "rtsp", NULL));
  GstElement *part;

  self->address = vmt_rtsp_address_new (uri, error);
  if (!self->address || !look_at (self, audio_only, error))
    return NULL;
  for (guint i = 0; i < N_STREAMS; i++)
    if (self->streams[i])
      add_gate (self, i);
  part = make_part (self, error);
  if (!part)
    return NULL;
  bring_in (self, part);
  g_object_force_floating (G_OBJECT (self));
  return g_steal_pointer (&self);
}

gboolean
vmt_rtsp_has_video (VmtRtsp *self)
{
  return self->streams[VIDEO] != NULL;
}

gboolean
vmt_rtsp_has_audio (VmtRtsp *self)
{
  return self->streams[AUDIO] != NULL;
}

const gchar *
vmt_rtsp_get_note (VmtRtsp *self)
{
  return self->note;
}

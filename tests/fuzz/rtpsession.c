/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What another participant sends as RTP and RTCP, to a session of GStreamer
 * behind what bounds it, as a peer has it. Each input is a list of steps:
 * packets that come, that go, reports, time that passes. */

#include "fuzz.h"
#include "rtp/vmrtpsession.h"
#include "rtp/vmtwcc.h"

#include <gst/check/gsttestclock.h>
#include <gst/rtp/rtp.h>
#include <string.h>

#define STEPS_MAX 64
#define PACKETS_MAX 1280 /* of one input */
#define PACKET_MAX 1500
#define OWN_SSRC 0x11110000u
#define TWCC_ID 1
#define TWCC                                                    \
  "extmap-1=(string)\"http://www.ietf.org/id/"                  \
  "draft-holmer-rmcat-transport-wide-cc-extensions-01\","       \
  "rtcp-fb-transport-cc=(boolean)true,rtcp-fb-nack=(boolean)1," \
  "rtcp-fb-nack-pli=(boolean)1,rtcp-fb-ccm-fir=(boolean)1"
#define CAPS                                                       \
  "application/x-rtp,media=(string)video,clock-rate=(int)90000,"   \
  "encoding-name=(string)VP8,payload=(int)96,a-framerate=(string)" \
  "30," TWCC

typedef struct
{
  const guint8 *data;
  gsize left;
} Input;

typedef struct
{
  GstElement *session;
  GstTestClock *clock;
  GstPad *rtp, *rtcp, *send; /* towards it */
  GstPad *sinks[4]; /* from it */
  GstClockTime now;
  guint16 seq, sent_seq;
  guint16 number; /* of congestion control, that came last */
  guint16 sent; /* that is next, likewise */
  guint8 feedbacks;
  guint packets;
} Rig;

static guint
take (Input *in, guint bytes)
{
  guint value = 0;

  for (; bytes > 0; bytes--) {
    value = value << 8 | (in->left ? *in->data : 0);
    if (in->left) {
      in->data++;
      in->left--;
    }
  }
  return value;
}

/* Big endian, at any address. */
static void
put (guint8 *data, guint bytes, guint value)
{
  while (bytes > 0) {
    data[--bytes] = value;
    value >>= 8;
  }
}

/* --- the session --- */

static GstFlowReturn
on_rtcp (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  g_assert_true (gst_rtcp_buffer_validate_reduced (buffer));
  g_assert_cmpuint (gst_buffer_get_size (buffer), <=, VM_RTCP_MTU);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstFlowReturn
on_rtp (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstCaps *
on_pt_map (GstElement *session, guint pt, gpointer user_data)
{
  GstCaps *caps = gst_caps_from_string (CAPS);

  gst_caps_set_simple (caps, "payload", G_TYPE_INT, pt & 127, NULL);
  return caps;
}

static GstPad *
link_to (Rig *rig, const gchar *name, const gchar *caps)
{
  g_autoptr (GstPad) sink = gst_element_request_pad_simple (rig->session, name);
  GstPad *pad = gst_object_ref_sink (gst_pad_new (NULL, GST_PAD_SRC));
  g_autoptr (GstCaps) of = gst_caps_from_string (caps);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_set_active (pad, TRUE);
  g_assert_cmpint (gst_pad_link (pad, sink), ==, GST_PAD_LINK_OK);
  gst_pad_push_event (pad, gst_event_new_stream_start (name));
  gst_pad_push_event (pad, gst_event_new_caps (of));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  return pad;
}

static GstPad *
link_from (Rig *rig, const gchar *name, GstPadChainFunction chain)
{
  GstPad *pad = gst_object_ref_sink (gst_pad_new (NULL, GST_PAD_SINK));
  GstPad *from = gst_element_get_static_pad (rig->session, name);

  if (!from)
    from = gst_element_request_pad_simple (rig->session, name);
  gst_pad_set_chain_function (pad, chain);
  gst_pad_set_active (pad, TRUE);
  g_assert_cmpint (gst_pad_link (from, pad), ==, GST_PAD_LINK_OK);
  gst_object_unref (from);
  return pad;
}

static void
load_session (void)
{
  g_autoptr (GError) error = NULL;
  GstPlugin *plugin;

  g_setenv ("GST_REGISTRY_DISABLE", "yes", TRUE);
  gst_init (NULL, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  plugin = gst_plugin_load_file (RTP_MANAGER, &error);
  g_assert_no_error (error);
  gst_object_unref (plugin);
}

static void
start (Rig *rig)
{
  static const gint ids = 1 << TWCC_ID;

  rig->now = GST_SECOND;
  rig->clock = GST_TEST_CLOCK (gst_test_clock_new_with_start_time (rig->now));
  gst_system_clock_set_default (GST_CLOCK (rig->clock));
  rig->session =
      gst_object_ref_sink (gst_element_factory_make ("rtpsession", NULL));
  g_object_set (rig->session, "rtp-profile", 4 /* SAVPF */, NULL);
  g_signal_connect (
      rig->session, "request-pt-map", G_CALLBACK (on_pt_map), NULL);
  vm_rtp_session_setup (rig->session, &ids);
  gst_element_set_clock (rig->session, GST_CLOCK (rig->clock));
  gst_element_set_base_time (rig->session, 0);
  rig->rtp = link_to (rig, "recv_rtp_sink", CAPS);
  rig->rtcp = link_to (rig, "recv_rtcp_sink", "application/x-rtcp");
  rig->send = link_to (rig, "send_rtp_sink",
      CAPS ",ssrc=(uint)286326784,rtx-ssrc=(uint)286326785");
  rig->sinks[0] = link_from (rig, "recv_rtp_src", on_rtp);
  rig->sinks[1] = link_from (rig, "sync_src", on_rtp);
  rig->sinks[2] = link_from (rig, "send_rtp_src", on_rtp);
  rig->sinks[3] = link_from (rig, "send_rtcp_src", on_rtcp);
  gst_element_set_state (rig->session, GST_STATE_PLAYING);
}

static void
stop (Rig *rig)
{
  GstPad *pads[] = { rig->rtp, rig->rtcp, rig->send, rig->sinks[0],
    rig->sinks[1], rig->sinks[2], rig->sinks[3] };

  gst_element_set_state (rig->session, GST_STATE_NULL);
  for (guint i = 0; i < G_N_ELEMENTS (pads); i++) {
    gst_pad_set_active (pads[i], FALSE);
    gst_object_unref (pads[i]);
  }
  gst_object_unref (rig->session);
  gst_system_clock_set_default (NULL);
  gst_object_unref (rig->clock);
}

/* The session's thread reports where it is due. */
static void
pass (Rig *rig, guint ms)
{
  GstClockID id;

  rig->now += ms * GST_MSECOND;
  gst_test_clock_set_time (rig->clock, rig->now);
  while ((id = gst_test_clock_process_next_clock_id (rig->clock)))
    gst_clock_id_unref (id);
}

static void
push (Rig *rig, GstPad *pad, const guint8 *data, gsize size)
{
  GstBuffer *buffer = gst_buffer_new_memdup (data, size);

  GST_BUFFER_PTS (buffer) = GST_BUFFER_DTS (buffer) = rig->now;
  gst_pad_push (pad, buffer);
}

/* --- RTP --- */

/* One-byte and two-byte headers, those that lie, none. */
static gsize
write_extension (Input *in, guint8 *data, guint16 number)
{
  guint kind = take (in, 1), words = 1;

  if (kind & 0x80)
    return 0;
  put (data, 2, kind & 1 ? 0x1000 : 0xbede);
  memset (data + 4, 0, 16);
  if (kind & 1) {
    data[4] = TWCC_ID;
    data[5] = 2;
    put (data + 6, 2, number);
  } else {
    data[4] = TWCC_ID << 4 | 1;
    put (data + 5, 2, number);
  }
  if (kind & 2) {
    /* another of the same, or of another */
    words = 2;
    data[7 + (kind & 1)] = take (in, 1);
    put (data + 9, 2, take (in, 2));
  }
  if (kind & 4)
    data[4] = take (in, 1);
  put (data + 2, 2, kind & 8 ? take (in, 2) : words);
  return 4 + words * 4;
}

static gsize
write_rtp (Rig *rig, Input *in, guint8 *data, guint32 ssrc, gboolean all)
{
  guint csrcs = all ? take (in, 1) & 15 : 0, flags = take (in, 1);
  gsize size = 12, extension;

  data[0] = 0x80 | (flags & 0x20) | csrcs;
  data[1] = (flags & 0x80) | (flags & 0x40 ? take (in, 1) & 127 : 96);
  put (data + 2, 2, rig->seq);
  put (data + 4, 4, flags & 0x10 ? take (in, 4) : rig->now / GST_MSECOND * 90);
  put (data + 8, 4, ssrc);
  for (; csrcs > 0; csrcs--, size += 4)
    put (data + size, 4, take (in, 1));
  extension = write_extension (in, data + size, rig->number);
  if (extension)
    data[0] |= 0x10;
  size += extension;
  memset (data + size, 1, 4);
  return size + 4;
}

/* A row of packets whose numbers have gaps; every second one may come before
 * the one ahead of it. */
static void
receive_rtp (Rig *rig, Input *in)
{
  guint n = take (in, 1) + 1, gap = take (in, 2), flags = take (in, 1);
  guint us = take (in, 1) * 100;
  guint32 ssrc = flags & 1 ? OWN_SSRC + (flags >> 6) : take (in, 1);
  Input head = *in;
  guint8 data[256];

  for (guint i = 0; i < n && rig->packets < PACKETS_MAX; i++, rig->packets++) {
    gint step = flags & 2 ? (gint16) gap : (gint) (gap & 31) + 1;

    if (flags & 4 && i % 2)
      step = -step / 2;
    if (flags & 8 && i % 4 == 3)
      step = 0;
    rig->number += step;
    rig->seq += flags & 16 ? step : 1;
    rig->now += us * GST_USECOND;
    *in = head;
    push (rig, rig->rtp, data,
        write_rtp (rig, in, data, flags & 32 ? ssrc + i : ssrc, TRUE));
  }
}

static void
send_rtp (Rig *rig, Input *in)
{
  guint n = take (in, 1) * 8 + 1, us = take (in, 1) * 100;

  for (; n > 0 && rig->packets < PACKETS_MAX; n--, rig->packets++) {
    guint8 data[32] = { 0x90, 96, 0, 0, 0, 0, 0, 0, 0x11, 0x11, 0, 0, 0xbe,
      0xde, 0, 1, TWCC_ID << 4 | 1 };

    put (data + 2, 2, rig->sent_seq++);
    put (data + 4, 4, rig->now / GST_MSECOND * 90);
    rig->now += us * GST_USECOND;
    rig->sent++;
    push (rig, rig->send, data, sizeof data);
  }
}

/* --- RTCP --- */

static guint32
take_ssrc (Input *in)
{
  guint n = take (in, 1);

  return n & 1 ? OWN_SSRC + (n >> 1 & 3) : n >> 1;
}

static void
add_uint32 (GByteArray *to, guint32 value)
{
  guint8 data[4];

  put (data, 4, value);
  g_byte_array_append (to, data, sizeof data);
}

/* Bytes of the input, as they are. */
static void
add_bytes (GByteArray *to, Input *in, guint n)
{
  n = MIN (MIN (n, in->left), PACKET_MAX);
  g_byte_array_append (to, in->data, n);
  in->data += n;
  in->left -= n;
}

static void
add_blocks (GByteArray *to, Input *in, guint n)
{
  for (; n > 0; n--) {
    add_uint32 (to, take_ssrc (in));
    for (guint i = 0; i < 5; i++)
      add_uint32 (to, take (in, 1) * 0x01010101u);
  }
}

static void
add_items (GByteArray *to, Input *in, guint n)
{
  for (; n > 0; n--) {
    guint entries = take (in, 1) % 4;

    add_uint32 (to, take_ssrc (in));
    for (; entries > 0; entries--) {
      guint kind = take (in, 1), size = kind >> 4;
      guint8 head[2] = { kind & 15, kind & 0x80 ? take (in, 1) : size };

      g_byte_array_append (to, head, sizeof head);
      add_bytes (to, in, size);
    }
    g_byte_array_append (to, (const guint8 *) "\0\0\0\0", 4 - to->len % 4);
  }
}

/* Of what was sent, as far as the input wants. */
static void
add_twcc (Rig *rig, GByteArray *to, Input *in)
{
  guint kind = take (in, 1), n = kind & 1 ? take (in, 2) : take (in, 1);
  guint16 base = rig->sent - (kind & 2 ? take (in, 2) : n);
  guint chunks = take (in, 1) % 32, last = to->len;
  guint8 head[10];

  put (head, 2, base);
  put (head + 2, 2, n);
  put (head + 4, 3, take (in, 1));
  head[7] = kind & 4 ? take (in, 1) : rig->feedbacks++;
  g_byte_array_append (to, head, 8);
  for (; chunks > 0; chunks--)
    add_bytes (to, in, 2);
  if (kind & 8) {
    put (head + 8, 2, 0x2000 | (n & 0x1fff));
    g_byte_array_append (to, head + 8, 2);
    n = MIN (n, PACKET_MAX);
    g_byte_array_set_size (to, to->len + n);
    memset (to->data + to->len - n, 1, n);
  }
  while ((to->len - last) % 4)
    g_byte_array_append (to, (const guint8 *) "", 1);
}

static void
add_feedback (Rig *rig, GByteArray *to, Input *in, guint type, guint count)
{
  guint n = take (in, 1) % 8;

  add_uint32 (to, take_ssrc (in));
  add_uint32 (to, take_ssrc (in));
  if (type == GST_RTCP_TYPE_RTPFB && count == GST_RTCP_RTPFB_TYPE_TWCC) {
    add_twcc (rig, to, in);
  } else if (type == GST_RTCP_TYPE_PSFB && count == GST_RTCP_PSFB_TYPE_FIR) {
    for (; n > 0; n--) {
      add_uint32 (to, take_ssrc (in));
      add_uint32 (to, take (in, 1) << 24);
    }
  } else if (type == GST_RTCP_TYPE_PSFB && count == GST_RTCP_PSFB_TYPE_AFB) {
    g_byte_array_append (to, (const guint8 *) "REMB\1", 5);
    add_bytes (to, in, 7);
  } else {
    add_bytes (to, in, n * 4);
  }
}

static void
add_body (Rig *rig, GByteArray *to, Input *in, guint type, guint count)
{
  switch (type) {
    case GST_RTCP_TYPE_SR:
      add_uint32 (to, take_ssrc (in));
      for (guint i = 0; i < 5; i++)
        add_uint32 (to, take (in, 1) * 0x01010101u);
      add_blocks (to, in, count);
      break;
    case GST_RTCP_TYPE_RR:
      add_uint32 (to, take_ssrc (in));
      add_blocks (to, in, count);
      break;
    case GST_RTCP_TYPE_SDES:
      add_items (to, in, count);
      break;
    case GST_RTCP_TYPE_BYE:
      for (; count > 0; count--)
        add_uint32 (to, take_ssrc (in));
      add_bytes (to, in, take (in, 1) % 16);
      break;
    case GST_RTCP_TYPE_RTPFB:
    case GST_RTCP_TYPE_PSFB:
      add_feedback (rig, to, in, type, count);
      break;
    default:
      /* APP, XR, and what nobody knows */
      add_uint32 (to, take_ssrc (in));
      add_bytes (to, in, take (in, 1) % 64);
  }
}

static void
add_packet (Rig *rig, GByteArray *to, Input *in)
{
  static const guint8 types[] = { GST_RTCP_TYPE_SR, GST_RTCP_TYPE_RR,
    GST_RTCP_TYPE_SDES, GST_RTCP_TYPE_BYE, GST_RTCP_TYPE_RTPFB,
    GST_RTCP_TYPE_PSFB, GST_RTCP_TYPE_APP, GST_RTCP_TYPE_XR };
  static const guint8 counts[] = { GST_RTCP_RTPFB_TYPE_TWCC,
    GST_RTCP_RTPFB_TYPE_NACK, GST_RTCP_PSFB_TYPE_FIR, GST_RTCP_PSFB_TYPE_AFB };
  guint flags = take (in, 1), kind = flags & 7, at = to->len;
  guint8 head[4];

  head[1] = types[kind];
  head[0] = kind == 4 || kind == 5 ? counts[flags >> 4 & 3] : flags >> 4 & 3;
  head[0] |= 0x80;
  g_byte_array_append (to, head, sizeof head);
  add_body (rig, to, in, head[1], head[0] & 31);
  while (to->len % 4)
    g_byte_array_append (to, (const guint8 *) "", 1);
  put (to->data + at + 2, 2, (to->len - at) / 4 - 1);
  if (!(flags & 0x80))
    return;
  /* a header that lies */
  to->data[at + take (in, 1) % 4] = take (in, 1);
}

static void
receive_rtcp (Rig *rig, Input *in, GstPad *pad)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  guint n = take (in, 1) % 4 + 1;

  for (; n > 0; n--)
    add_packet (rig, data, in);
  push (rig, pad, data->data, MIN (data->len, PACKET_MAX));
}

static void
receive_bytes (Rig *rig, Input *in, GstPad *pad)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();

  add_bytes (data, in, take (in, 1));
  if (data->len)
    push (rig, pad, data->data, data->len);
}

/* A jitter buffer asks for what is missing, a decoder for a key frame. */
static void
ask (Rig *rig, Input *in)
{
  guint ssrc = take (in, 1), flags = take (in, 1);
  GstStructure *s =
      flags & 1 ? gst_structure_new ("GstForceKeyUnit", "all-headers",
          G_TYPE_BOOLEAN, flags & 2, "ssrc", G_TYPE_UINT, ssrc, NULL)
                : gst_structure_new ("GstRTPRetransmissionRequest", "seqnum",
                    G_TYPE_UINT, rig->seq - (flags >> 1), "ssrc", G_TYPE_UINT,
                    ssrc, "delay", G_TYPE_UINT, flags & 15, "deadline",
                    G_TYPE_UINT, 100, "packet-spacing", G_TYPE_UINT, 20,
                    "avg-rtt", G_TYPE_UINT, 50, NULL);

  gst_pad_push_event (
      rig->sinks[0], gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, s));
}

static void
step (Rig *rig, Input *in)
{
  switch (take (in, 1) % 8) {
    case 0:
      receive_rtp (rig, in);
      break;
    case 1:
      send_rtp (rig, in);
      break;
    case 2:
      pass (rig, take (in, 2) % 20000);
      break;
    case 3:
      receive_bytes (rig, in, rig->rtp);
      break;
    case 4:
      receive_bytes (rig, in, rig->rtcp);
      break;
    case 5:
      /* where none belongs */
      receive_rtcp (rig, in, rig->rtp);
      break;
    case 6:
      ask (rig, in);
      break;
    default:
      receive_rtcp (rig, in, rig->rtcp);
  }
}

void
fuzz_one (const guint8 *data, gsize size)
{
  Input in = { data, size };
  Rig rig = { 0 };

  if (!gst_is_initialized ())
    load_session ();
  start (&rig);
  for (guint i = 0; i < STEPS_MAX && in.left; i++)
    step (&rig, &in);
  pass (&rig, 200);
  stop (&rig);
}

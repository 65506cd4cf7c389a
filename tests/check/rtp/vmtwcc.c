/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elements/knownfaults.h"
#include "rtp/vmrtpsession.h"
#include "rtp/vmtwcc.h"

#include "program.h"

#include <gst/check/gstcheck.h>
#include <gst/rtp/rtp.h>
#include <string.h>

/* Numbers of congestion control, and the RTP session behind what bounds them.
 */

#define START 1000
#define PERIOD_MS (VM_TWCC_PERIOD / GST_MSECOND)

/* Big endian, at any address. */
static void
put (guint8 *data, guint bytes, guint value)
{
  while (bytes > 0) {
    data[--bytes] = value;
    value >>= 8;
  }
}

/* --- numbers that come --- */

static gboolean
take (VmTwccIn *in, guint number, guint ms)
{
  guint16 shown = number;

  return vm_twcc_in_take (in, &shown, ms * GST_MSECOND)
         && shown == (guint16) number;
}

/* How many with @missing numbers before each are taken at once. */
static guint
count_taken (VmTwccIn *in, guint *number, guint missing, guint ms)
{
  guint n = 0;

  for (; take (in, *number, ms); n++)
    *number += missing + 1;
  return n;
}

static const struct
{
  guint missing, size; /* sevenths of a byte of what is reported */
} gaps[] = {
  { 0, 9 },
  { 1, 9 + 2 },
  { VM_TWCC_MISSING_FEW, 9 + 14 },
  { VM_TWCC_MISSING_FEW + 1, 9 + 42 },
};

GST_START_TEST (test_room)
{
  guint gap = gaps[__i__].missing, size = gaps[__i__].size, number = START;
  VmTwccIn in = { 0 };

  /* nothing is missing before the first */
  fail_unless_equals_int (count_taken (&in, &number, gap, 0),
      1 + (VM_TWCC_ROOM - VM_TWCC_NEXT) / size);
  fail_unless (in.size[1] <= VM_TWCC_ROOM);
  fail_unless (in.size[1] + size > VM_TWCC_ROOM);
  fail_if (take (&in, number, PERIOD_MS - 1));
  /* the last of that report, and all that a report has room for */
  fail_unless (take (&in, number, PERIOD_MS));
  number += gap + 1;
  fail_unless_equals_int (
      count_taken (&in, &number, gap, PERIOD_MS), VM_TWCC_ROOM / size);
}

GST_END_TEST;

/* What comes in a period has what the one before it has left. */
GST_START_TEST (test_periods)
{
  VmTwccIn in = { 0 };
  guint number = START, ms;

  for (ms = 0; ms < PERIOD_MS; ms++)
    fail_unless (take (&in, number++, ms));
  fail_unless (take (&in, number++, ms));
  fail_unless_equals_int (in.size[0], (PERIOD_MS + 1) * VM_TWCC_NEXT);
  fail_unless_equals_int (in.size[1], 0);
  fail_unless_equals_int (count_taken (&in, &number, 0, ms),
      VM_TWCC_ROOM / VM_TWCC_NEXT - (PERIOD_MS + 1));
  /* a stream of 12 Mbit/s, for half a minute */
  in = (VmTwccIn){ 0 };
  for (ms = 0; ms < 30000; ms++)
    fail_unless (take (&in, number++, ms) || number % 65536 == 0, "%u", ms);
}

GST_END_TEST;

GST_START_TEST (test_soon)
{
  guint ms = VM_TWCC_SOON / GST_MSECOND;
  VmTwccIn in = { 0 };

  fail_unless (take (&in, START, 0));
  fail_unless (take (&in, START + 1, ms));
  fail_unless_equals_int (in.size[1], 2 * VM_TWCC_NEXT);
  fail_unless (take (&in, START + 2, 2 * ms + 1));
  fail_unless_equals_int (in.size[1], 3 * VM_TWCC_NEXT + VM_TWCC_LARGE);
}

GST_END_TEST;

GST_START_TEST (test_late)
{
  guint late = VM_TWCC_LATE_MAX;
  VmTwccIn in = { 0 };

  fail_unless (take (&in, START, 0));
  fail_if (take (&in, START, 0));
  fail_unless (take (&in, START + late + 1, 0));
  fail_if (take (&in, START + late + 1, 0));
  fail_if (take (&in, START, 0));
  fail_unless (take (&in, START + 1, 0));
  fail_if (take (&in, START + 1, 0));
  fail_unless (take (&in, START + late, 0));
  fail_if (take (&in, START + late, 0));
  fail_unless (take (&in, START + late + 2, 0));
  fail_if (take (&in, START + 1, 0));
  fail_unless (take (&in, START + 2, 0));
}

GST_END_TEST;

static const struct
{
  guint low, span;
} spans[] = {
  { 100, VM_TWCC_SPAN },
  { 65300, VM_TWCC_SPAN_WRAPPED },
};

/* What the session would sort wrongly comes as the number after the highest,
 * once that is the only one. */
GST_START_TEST (test_span)
{
  guint low = spans[__i__].low, span = spans[__i__].span;
  VmTwccIn in = { 0 };
  guint16 shown;

  fail_unless (take (&in, low, 0));
  fail_unless (take (&in, low + span / 2, 0));
  fail_if (take (&in, low + span + 1, 0));
  fail_unless (take (&in, low + span - 1, 0));
  fail_unless (take (&in, low + span, 0));
  fail_if (take (&in, low + span + 1, 0));
  shown = low + span + 100;
  fail_unless (vm_twcc_in_take (&in, &shown, PERIOD_MS * GST_MSECOND));
  fail_unless_equals_int (shown, (guint16) (low + span + 1));
  fail_unless (take (&in, low + span + 101, PERIOD_MS));
}

GST_END_TEST;

GST_START_TEST (test_last_number)
{
  VmTwccIn in = { 0 };

  fail_unless (take (&in, 65534, 0));
  fail_if (take (&in, 65535, 0));
  fail_unless (take (&in, 65536, 0));
  in = (VmTwccIn){ 0 };
  fail_unless (take (&in, 65534, 0));
  fail_unless (take (&in, 65535, PERIOD_MS));
}

GST_END_TEST;

#define BEFORE_MS 60000

/* The session reports when its own time says so. */
GST_START_TEST (test_clock_goes_back)
{
  VmTwccIn in = { 0 };
  guint number = START, ms = 0;
  guint16 shown = START;

  fail_if (vm_twcc_in_take (&in, &shown, GST_CLOCK_TIME_NONE));
  fail_unless (take (&in, number++, BEFORE_MS));
  while (take (&in, number, ms += PERIOD_MS))
    number++;
  fail_unless (ms < BEFORE_MS);
  fail_if (take (&in, number, BEFORE_MS + PERIOD_MS - 1));
  fail_unless (take (&in, number, BEFORE_MS + PERIOD_MS));
}

GST_END_TEST;

/* --- numbers that are sent --- */

static void
send_numbers (VmTwccOut *out, guint first, guint n, gint64 now)
{
  for (guint i = 0; i < n; i++)
    vm_twcc_out_sent (out, first + i, now);
}

/* All of them received, one delta of a byte each. */
static GByteArray *
make_feedback (guint base, guint n, guint count)
{
  GByteArray *fci = g_byte_array_new ();
  guint8 head[10];

  put (head, 2, base);
  put (head + 2, 2, n);
  put (head + 4, 3, 1);
  head[7] = count;
  put (head + 8, 2, 0x2000 | n);
  g_byte_array_append (fci, head, sizeof head);
  g_byte_array_set_size (fci, fci->len + n);
  memset (fci->data + sizeof head, 1, n);
  return fci;
}

static gboolean
check (VmTwccOut *out, guint base, guint n, guint count, gint64 now)
{
  g_autoptr (GByteArray) fci = make_feedback (base, n, count);

  return vm_twcc_out_check (out, fci->data, fci->len, now);
}

#define NOW G_TIME_SPAN_HOUR

/* 65,530: over the end of 16 bits. */
static const guint firsts[] = { 0, START, 65530 };

GST_START_TEST (test_never_sent)
{
  guint first = firsts[__i__];
  VmTwccOut out = { 0 };

  fail_if (check (&out, first, 1, 0, NOW));
  send_numbers (&out, first, 10, NOW);
  fail_if (check (&out, first - 1, 1, 0, NOW));
  fail_if (check (&out, first - 1, 10, 0, NOW));
  fail_if (check (&out, first, 0, 0, NOW));
  fail_if (check (&out, first, 11, 0, NOW));
  fail_if (check (&out, first + 10, 1, 0, NOW));
  fail_unless (check (&out, first, 9, 0, NOW));
  fail_unless (check (&out, first + 9, 1, 1, NOW));
}

GST_END_TEST;

GST_START_TEST (test_old)
{
  VmTwccOut out = { 0 };

  send_numbers (&out, START, 10, NOW);
  send_numbers (&out, START + 10, 10, NOW + VM_TWCC_MARK_US);
  fail_unless (check (&out, START, 5, 0, NOW + VM_TWCC_OLD_US - 1));
  fail_unless (check (&out, START + 5, 5, 1, NOW + VM_TWCC_OLD_US));
  fail_if (check (&out, START + 9, 2, 2, NOW + VM_TWCC_OLD_US + 1));
  fail_unless (check (&out, START + 10, 1, 2, NOW + VM_TWCC_OLD_US + 1));
  /* as many as are kept, and more */
  for (guint i = 0; i < 2 * VM_TWCC_MARKS; i++)
    send_numbers (&out, START + 20 + i, 1, NOW + (i + 2) * VM_TWCC_MARK_US);
  fail_unless (check (&out, START + 20 + 2 * VM_TWCC_MARKS - 101, 101, 9,
      NOW + (2 * VM_TWCC_MARKS + 1) * VM_TWCC_MARK_US));
}

GST_END_TEST;

GST_START_TEST (test_claims)
{
  VmTwccOut out = { 0 };

  send_numbers (&out, START, 3 * VM_TWCC_CLAIM_MAX, NOW);
  fail_if (check (&out, START, VM_TWCC_CLAIM_MAX + 1, 0, NOW));
  fail_unless (check (&out, START, VM_TWCC_CLAIM_MAX, 0, NOW));
  /* what is between two is claimed, too */
  fail_if (check (&out, START + 2 * VM_TWCC_CLAIM_MAX, 1, 1, NOW));
  fail_unless (check (&out, START + 2 * VM_TWCC_CLAIM_MAX - 1, 1, 1, NOW));
  /* but not where one is missing between them */
  send_numbers (&out, START + 3 * VM_TWCC_CLAIM_MAX, 1, NOW);
  fail_unless (check (&out, START + 3 * VM_TWCC_CLAIM_MAX - 1, 1, 3, NOW));
}

GST_END_TEST;

GST_START_TEST (test_claims_of_what_was_sent)
{
  VmTwccOut out = { 0 };

  send_numbers (&out, START, 100, NOW);
  for (guint i = 0; i < VM_TWCC_CLAIMS; i++)
    fail_unless (check (&out, START, 100, i, NOW));
  fail_if (check (&out, START + 99, 1, 9, NOW));
  send_numbers (&out, START + 100, 1, NOW);
  fail_unless (check (&out, START + 99, 2, 9, NOW));
  fail_if (check (&out, START + 100, 1, 10, NOW));
}

GST_END_TEST;

static const struct
{
  guint8 size, fci[16];
  gboolean good;
} feedbacks[] = {
  /* a run of 2 that came, of 2 and of 4 bytes */
  { 12, { 0, 0, 0, 2, 0, 0, 1, 0, 0x20, 2, 1, 1 }, TRUE },
  { 11, { 0, 0, 0, 2, 0, 0, 1, 0, 0x20, 2, 1, 1 }, FALSE },
  { 14, { 0, 0, 0, 2, 0, 0, 1, 0, 0x40, 2, 0, 1, 0, 1 }, TRUE },
  { 13, { 0, 0, 0, 2, 0, 0, 1, 0, 0x40, 2, 0, 1, 0, 1 }, FALSE },
  /* none of a run came; of all seven, the last, in one byte and in two */
  { 12, { 0, 0, 0, 2, 0, 0, 1, 0, 0, 2 }, FALSE },
  { 12, { 0, 0, 0, 2, 0, 0, 1, 0, 0x60, 2 }, FALSE },
  { 11, { 0, 0, 0, 7, 0, 0, 1, 0, 0xc0, 1, 1 }, TRUE },
  { 10, { 0, 0, 0, 7, 0, 0, 1, 0, 0xc0, 1, 1 }, FALSE },
  { 12, { 0, 0, 0, 7, 0, 0, 1, 0, 0xc0, 2, 0, 1 }, TRUE },
  { 11, { 0, 0, 0, 7, 0, 0, 1, 0, 0xc0, 2, 0, 1 }, FALSE },
  { 12, { 0, 0, 0, 7, 0, 0, 1, 0, 0xc0, 3, 0, 1 }, FALSE },
  /* the last of fourteen; none of the first thirteen */
  { 11, { 0, 0, 0, 14, 0, 0, 1, 0, 0x80, 1, 1 }, TRUE },
  { 11, { 0, 0, 0, 13, 0, 0, 1, 0, 0x80, 1, 1 }, FALSE },
  /* a chunk is missing; runs of nothing */
  { 13, { 0, 0, 0, 8, 0, 0, 1, 0, 0xc0, 1, 1, 0, 0 }, TRUE },
  { 11, { 0, 0, 0, 8, 0, 0, 1, 0, 0xc0, 1, 1 }, FALSE },
  { 12, { 0, 0, 0, 8, 0, 0, 1, 0, 0, 0, 0, 0 }, FALSE },
  { 7, { 0, 0, 0, 1, 0, 0, 1 }, FALSE },
  { 0, { 0 }, FALSE },
};

GST_START_TEST (test_read)
{
  VmTwccOut out = { 0 };

  send_numbers (&out, 0, 20, NOW);
  fail_unless_equals_int (vm_twcc_out_check (&out, feedbacks[__i__].fci,
                              feedbacks[__i__].size, NOW),
      feedbacks[__i__].good);
}

GST_END_TEST;

/* The session would never forget what it cannot find in what it sent. */
GST_START_TEST (test_reported_before)
{
  VmTwccOut out = { 0 };

  send_numbers (&out, START, 20, NOW);
  fail_unless (check (&out, START, 10, 0, NOW));
  fail_if (check (&out, START, 9, 1, NOW));
  fail_unless (check (&out, START + 9, 1, 1, NOW));
}

GST_END_TEST;

GST_START_TEST (test_unreported)
{
  VmTwccOut out = { 0 };
  guint first = 60000;

  send_numbers (&out, first, VM_TWCC_UNREPORTED_MAX, NOW);
  fail_unless (vm_twcc_out_is_reported (&out));
  send_numbers (&out, first + VM_TWCC_UNREPORTED_MAX, 1, NOW);
  fail_if (vm_twcc_out_is_reported (&out));
  fail_unless (check (&out, first, 10, 0, NOW));
  fail_unless (vm_twcc_out_is_reported (&out));
}

GST_END_TEST;

/* --- the session behind it --- */

#define OWN_SSRC 4660u
#define SSRC 1
#define TWCC_ID 1
#define CAPS                                                     \
  "application/x-rtp,media=(string)video,clock-rate=(int)90000," \
  "encoding-name=(string)VP8,payload=(int)96,ssrc=(uint)4660,"   \
  "extmap-1=(string)\"http://www.ietf.org/id/"                   \
  "draft-holmer-rmcat-transport-wide-cc-extensions-01\""
#define PACKETS 600
#define WAIT_US (20 * G_TIME_SPAN_SECOND)

typedef struct
{
  GstElement *session;
  GstPad *rtp, *rtcp, *send; /* towards it */
  GstPad *media, *sent, *reports; /* from it */
  GMutex lock;
  GCond came;
  guint n_media, n_numbered, n_sent, n_reports, n_events, n_claimed, n_asked;
} Rig;

static gboolean
has_number (GstBuffer *buffer)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  gpointer data;
  guint size;
  gboolean found;

  fail_unless (gst_rtp_buffer_map (buffer, GST_MAP_READ, &rtp));
  found = gst_rtp_buffer_get_extension_onebyte_header (
      &rtp, TWCC_ID, 0, &data, &size);
  gst_rtp_buffer_unmap (&rtp);
  return found;
}

static GstFlowReturn
on_media (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Rig *rig = gst_pad_get_element_private (pad);

  rig->n_media++;
  rig->n_numbered += has_number (buffer);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static GstFlowReturn
on_sent (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Rig *rig = gst_pad_get_element_private (pad);

  rig->n_sent++;
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

/* The session's thread. */
static GstFlowReturn
on_report (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Rig *rig = gst_pad_get_element_private (pad);
  guint8 head[2];

  gst_buffer_extract (buffer, 0, head, sizeof head);
  fail_unless (gst_buffer_get_size (buffer) <= VM_RTCP_MTU);
  g_mutex_lock (&rig->lock);
  rig->n_reports += head[0] == 0x8f && head[1] == 205;
  g_cond_signal (&rig->came);
  g_mutex_unlock (&rig->lock);
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

/* What the session reads in a feedback goes to the sender as an event. */
static gboolean
on_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Rig *rig = gst_pad_get_element_private (pad);
  const GstStructure *s = gst_event_get_structure (event);

  if (s && gst_structure_has_name (s, "RTPTWCCPackets")) {
    rig->n_events++;
    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    rig->n_claimed += ((GValueArray *) g_value_get_boxed (
                           gst_structure_get_value (s, "packets")))
                          ->n_values;
    G_GNUC_END_IGNORE_DEPRECATIONS
  }
  rig->n_asked +=
      s && gst_structure_has_name (s, "GstRTPRetransmissionRequest");
  gst_event_unref (event);
  return TRUE;
}

static GstPad *
make_pad (Rig *rig, GstPadDirection direction, GstPadChainFunction chain)
{
  GstPad *pad = gst_object_ref_sink (gst_pad_new (NULL, direction));

  gst_pad_set_element_private (pad, rig);
  if (chain)
    gst_pad_set_chain_function (pad, chain);
  else
    gst_pad_set_event_function (pad, on_event);
  gst_pad_set_active (pad, TRUE);
  return pad;
}

static GstPad *
link_to (Rig *rig, const gchar *name, const gchar *caps)
{
  g_autoptr (GstPad) sink = gst_element_request_pad_simple (rig->session, name);
  g_autoptr (GstCaps) of = gst_caps_from_string (caps);
  GstPad *pad = make_pad (rig, GST_PAD_SRC, NULL);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  fail_unless_equals_int (gst_pad_link (pad, sink), GST_PAD_LINK_OK);
  gst_pad_push_event (pad, gst_event_new_stream_start (name));
  gst_pad_push_event (pad, gst_event_new_caps (of));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  return pad;
}

static GstPad *
link_from (Rig *rig, GstPad *src, GstPadChainFunction chain)
{
  GstPad *pad = make_pad (rig, GST_PAD_SINK, chain);

  fail_unless_equals_int (gst_pad_link (src, pad), GST_PAD_LINK_OK);
  gst_object_unref (src);
  return pad;
}

static void
rig_init (Rig *rig)
{
  static const gint ids = 1 << TWCC_ID;
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();

  g_mutex_init (&rig->lock);
  g_cond_init (&rig->came);
  rig->session =
      gst_object_ref_sink (gst_element_factory_make ("rtpsession", NULL));
  gst_util_set_object_arg (G_OBJECT (rig->session), "rtp-profile", "savpf");
  vm_rtp_session_setup (rig->session, &ids);
  gst_element_set_clock (rig->session, clock);
  gst_element_set_base_time (rig->session, gst_clock_get_time (clock));
  rig->rtp = link_to (rig, "recv_rtp_sink", CAPS);
  rig->rtcp = link_to (rig, "recv_rtcp_sink", "application/x-rtcp");
  rig->send = link_to (rig, "send_rtp_sink", CAPS);
  rig->media = link_from (
      rig, gst_element_get_static_pad (rig->session, "recv_rtp_src"), on_media);
  rig->sent = link_from (
      rig, gst_element_get_static_pad (rig->session, "send_rtp_src"), on_sent);
  rig->reports = link_from (rig,
      gst_element_request_pad_simple (rig->session, "send_rtcp_src"),
      on_report);
  gst_element_set_state (rig->session, GST_STATE_PLAYING);
}

static void
rig_clear (Rig *rig)
{
  GstPad *pads[] = { rig->rtp, rig->rtcp, rig->send, rig->media, rig->sent,
    rig->reports };

  gst_element_set_state (rig->session, GST_STATE_NULL);
  for (guint i = 0; i < G_N_ELEMENTS (pads); i++) {
    gst_pad_set_active (pads[i], FALSE);
    gst_object_unref (pads[i]);
  }
  gst_object_unref (rig->session);
  g_mutex_clear (&rig->lock);
  g_cond_clear (&rig->came);
}

static void
push_rtp (GstPad *pad, guint32 ssrc, guint seq, guint number, guint ms)
{
  guint8 data[32] = { 0x90, 96, [12] = 0xbe, 0xde, 0, 1, TWCC_ID << 4 | 1 };
  GstBuffer *buffer;

  put (data + 2, 2, seq);
  put (data + 4, 4, ms * 90);
  put (data + 8, 4, ssrc);
  put (data + 17, 2, number);
  buffer = gst_buffer_new_memdup (data, sizeof data);
  GST_BUFFER_PTS (buffer) = GST_BUFFER_DTS (buffer) = ms * GST_MSECOND;
  fail_unless_equals_int (gst_pad_push (pad, buffer), GST_FLOW_OK);
}

/* With as many missing before each, GStreamer's own bound does not hold. */
static const guint missing[] = { 0, 13, 27, 8000 };

GST_START_TEST (test_gaps_in_a_session)
{
  gint64 deadline = g_get_monotonic_time () + WAIT_US;
  guint gap = missing[__i__], number = 0;
  gboolean reported = TRUE;
  Rig rig = { 0 };

  rig_init (&rig);
  for (guint i = 0; i < PACKETS; i++, number += gap + 1)
    push_rtp (rig.rtp, SSRC, i, number, i / 10);
  /* later: what makes the session report */
  push_rtp (rig.rtp, SSRC, PACKETS, number, PACKETS / 10 + PERIOD_MS);
  fail_unless_equals_int (rig.n_media, PACKETS + 1);
  fail_unless_equals_int (rig.n_numbered == rig.n_media, gap == 0);
  fail_unless (rig.n_numbered > 5);
  g_mutex_lock (&rig.lock);
  while (!rig.n_reports && reported)
    reported = g_cond_wait_until (&rig.came, &rig.lock, deadline);
  g_mutex_unlock (&rig.lock);
  fail_unless (reported);
  rig_clear (&rig);
}

GST_END_TEST;

static void
push_rtcp (Rig *rig, const guint8 *data, gsize size)
{
  fail_unless_equals_int (
      gst_pad_push (rig->rtcp, gst_buffer_new_memdup (data, size)),
      GST_FLOW_OK);
}

static void
push_feedback (Rig *rig, guint base, guint n, guint count)
{
  g_autoptr (GByteArray) fci = make_feedback (base, MIN (n, 1000), count);
  g_autoptr (GByteArray) packet = g_byte_array_new ();
  guint8 head[12] = { 0x8f, 205, [7] = SSRC };

  put (fci->data + 2, 2, n);
  while (fci->len % 4)
    g_byte_array_append (fci, (const guint8 *) "", 1);
  put (head + 2, 2, (sizeof head + fci->len) / 4 - 1);
  put (head + 8, 4, OWN_SSRC);
  g_byte_array_append (packet, head, sizeof head);
  g_byte_array_append (packet, fci->data, fci->len);
  push_rtcp (rig, packet->data, packet->len);
}

/* Packets asked for again, at, below and above what is sent at once and a
 * second. */
GST_START_TEST (test_nacks)
{
  static const guint8 all[] = { 0, 0, 0xff, 0xff }; /* 17 numbers */
  static const guint8 one[] = { 0, 0, 0, 0 };
  const guint most = VM_NACKS_BURST / 17;
  VmNacks nacks = { 0 };
  gint64 now = 5 * G_TIME_SPAN_SECOND;

  for (guint i = 0; i < most; i++)
    fail_unless (vm_nacks_take (&nacks, all, sizeof all, now));
  fail_if (vm_nacks_take (&nacks, all, sizeof all, now));
  for (guint i = most * 17; i < VM_NACKS_BURST; i++)
    fail_unless (vm_nacks_take (&nacks, one, sizeof one, now));
  fail_if (vm_nacks_take (&nacks, one, sizeof one, now));
  now += G_TIME_SPAN_SECOND / VM_NACKS_PER_SECOND;
  fail_unless (vm_nacks_take (&nacks, one, sizeof one, now));
  fail_if (vm_nacks_take (&nacks, one, sizeof one, now));
  fail_unless (vm_nacks_take (&nacks, NULL, 0, now));
}

GST_END_TEST;

/* What was lost is sent again, and what is asked for without end is not. */
GST_START_TEST (test_nacks_in_a_session)
{
  Rig rig = { 0 };
  guint8 nack[12 + 4 * 100] = { 0x81, 205, 0, 2 + 100, [7] = SSRC };

  rig_init (&rig);
  push_rtp (rig.send, OWN_SSRC, 0, 0, 0);
  put (nack + 8, 4, OWN_SSRC);
  memset (nack + 12, 0xff, sizeof nack - 12);
  push_rtcp (&rig, nack, sizeof nack);
  fail_unless_equals_int (rig.n_asked, 0);
  put (nack + 2, 2, 2 + 1);
  push_rtcp (&rig, nack, 12 + 4);
  fail_unless_equals_int (rig.n_asked, 17);
  rig_clear (&rig);
}

GST_END_TEST;

GST_START_TEST (test_claims_in_a_session)
{
  Rig rig = { 0 };

  rig_init (&rig);
  for (guint i = 0; i < 20; i++)
    push_rtp (rig.send, OWN_SSRC, i, 0, i * 10);
  fail_unless_equals_int (rig.n_sent, 20);
  push_feedback (&rig, 0, 65535, 0);
  push_feedback (&rig, 0, 21, 1);
  push_feedback (&rig, 30000, 1, 2);
  fail_unless_equals_int (rig.n_events, 0);
  push_feedback (&rig, 0, 20, 3);
  fail_unless_equals_int (rig.n_events, 1);
  fail_unless_equals_int (rig.n_claimed, 20);
  rig_clear (&rig);
}

GST_END_TEST;

/* Numbers are left out while nobody reports them. */
GST_START_TEST (test_unreported_in_a_session)
{
  Rig rig = { 0 };

  rig_init (&rig);
  for (guint i = 0; i < VM_TWCC_UNREPORTED_MAX + 10; i++)
    push_rtp (rig.send, OWN_SSRC, i, 0, i);
  push_feedback (&rig, VM_TWCC_UNREPORTED_MAX + 1, 1, 0);
  fail_unless_equals_int (rig.n_events, 0);
  push_feedback (&rig, VM_TWCC_UNREPORTED_MAX, 1, 0);
  fail_unless_equals_int (rig.n_events, 1);
  rig_clear (&rig);
}

GST_END_TEST;

static guint
count_sources (Rig *rig)
{
  g_autoptr (GObject) session = NULL;
  guint n;

  g_object_get (rig->session, "internal-session", &session, NULL);
  g_object_get (session, "num-sources", &n, NULL);
  return n;
}

GST_START_TEST (test_sources)
{
  guint8 report[8] = { 0x80, 201, 0, 1 };
  Rig rig = { 0 };

  rig_init (&rig);
  for (guint i = count_sources (&rig); i < VM_RTP_SOURCES_MAX; i++) {
    push_rtp (rig.rtp, SSRC + i, 0, 0, i);
    fail_unless_equals_int (count_sources (&rig), i + 1);
  }
  push_rtp (rig.rtp, 10000, 0, 0, 1000);
  push_rtp (rig.rtp, 10000, 1, 0, 1000);
  put (report + 4, 4, 10001);
  push_rtcp (&rig, report, sizeof report);
  fail_unless_equals_int (count_sources (&rig), VM_RTP_SOURCES_MAX);
  /* who is known is not kept out */
  rig.n_media = 0;
  push_rtp (rig.rtp, SSRC + VM_RTP_SOURCES_MAX - 1, 1, 0, 1001);
  push_rtp (rig.rtp, SSRC + VM_RTP_SOURCES_MAX - 1, 2, 0, 1002);
  fail_unless (rig.n_media > 0);
  rig_clear (&rig);
}

GST_END_TEST;

/* The session would send it to where it came from. */
GST_START_TEST (test_own_ssrc)
{
  Rig rig = { 0 };

  rig_init (&rig);
  push_rtp (rig.rtp, OWN_SSRC, 0, 0, 0);
  fail_unless_equals_int (rig.n_sent, 0);
  push_rtp (rig.send, OWN_SSRC, 0, 0, 0);
  fail_unless_equals_int (rig.n_sent, 1);
  rig_clear (&rig);
}

GST_END_TEST;

/* What the session would read beyond, or believe, of one participant. */
static const struct
{
  guint8 size, data[40];
  guint sources; /* that it makes */
} reports[] = {
  /* SDES of a name of 3 bytes */
  { 16, { 0x81, 202, 0, 3, 0, 0, 0, 7, 2, 3, 'a', 'b', 'c' }, 1 },
  /* that says it has 200; without its SSRC */
  { 16, { 0x81, 202, 0, 3, 0, 0, 0, 7, 2, 200, 'a', 'b', 'c' }, 0 },
  { 4, { 0x81, 202 }, 0 },
  /* a report, one that lacks its block */
  { 8, { 0x80, 201, 0, 1, 0, 0, 0, 7 }, 1 },
  { 8, { 0x81, 201, 0, 1, 0, 0, 0, 7 }, 0 },
  { 28, { 0x81, 200, 0, 6, 0, 0, 0, 7 }, 0 },
  { 32, { 0x81, 201, 0, 7, 0, 0, 0, 7 }, 1 },
};

GST_START_TEST (test_reports)
{
  Rig rig = { 0 };
  guint before;

  rig_init (&rig);
  before = count_sources (&rig);
  push_rtcp (&rig, reports[__i__].data, reports[__i__].size);
  fail_unless_equals_int (
      count_sources (&rig) - before, reports[__i__].sources);
  rig_clear (&rig);
}

GST_END_TEST;

static gboolean
source_has (Rig *rig, guint32 ssrc, const gchar *item)
{
  g_autoptr (GObject) session = NULL;
  g_autoptr (GObject) source = NULL;
  g_autoptr (GstStructure) items = NULL;

  g_object_get (rig->session, "internal-session", &session, NULL);
  g_signal_emit_by_name (session, "get-source-by-ssrc", ssrc, &source);
  fail_unless (source != NULL);
  g_object_get (source, "sdes", &items, NULL);
  return gst_structure_has_field (items, item);
}

/* A private item, whose name is longer than it is, is a note. */
GST_START_TEST (test_private_item)
{
  guint8 data[] = { 0x81, 202, 0, 3, 0, 0, 0, 7, 8, 3, 200, 'b', 'c', 0, 0, 0 };
  Rig rig = { 0 };

  rig_init (&rig);
  push_rtcp (&rig, data, sizeof data);
  fail_if (source_has (&rig, 7, "bc"));
  data[10] = 'a';
  push_rtcp (&rig, data, sizeof data);
  fail_unless (source_has (&rig, 7, "note"));
  rig_clear (&rig);
}

GST_END_TEST;

/* Nobody else describes what this side sends. */
GST_START_TEST (test_own_items)
{
  guint8 data[] = { 0x81, 202, 0, 3, 0, 0, 0x12, 0x34, 2, 3, 'a', 'b', 'c', 0,
    0, 0 };
  Rig rig = { 0 };

  rig_init (&rig);
  push_rtcp (&rig, data, sizeof data);
  fail_if (source_has (&rig, OWN_SSRC, "name"));
  data[7]++;
  push_rtcp (&rig, data, sizeof data);
  fail_unless (source_has (&rig, OWN_SSRC + 1, "name"));
  rig_clear (&rig);
}

GST_END_TEST;

static Suite *
vmtwcc_suite (void)
{
  Suite *s = suite_create ("vmtwcc");
  TCase *tc = tcase_create ("numbers");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_room, 0, G_N_ELEMENTS (gaps));
  tcase_add_test (tc, test_periods);
  tcase_add_test (tc, test_soon);
  tcase_add_test (tc, test_late);
  tcase_add_loop_test (tc, test_span, 0, G_N_ELEMENTS (spans));
  tcase_add_test (tc, test_last_number);
  tcase_add_test (tc, test_clock_goes_back);
  tcase_add_loop_test (tc, test_never_sent, 0, G_N_ELEMENTS (firsts));
  tcase_add_test (tc, test_old);
  tcase_add_test (tc, test_claims);
  tcase_add_test (tc, test_claims_of_what_was_sent);
  tcase_add_loop_test (tc, test_read, 0, G_N_ELEMENTS (feedbacks));
  tcase_add_test (tc, test_reported_before);
  tcase_add_test (tc, test_unreported);

  tc = tcase_create ("session");
  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_gaps_in_a_session, 0, G_N_ELEMENTS (missing));
  tcase_add_test (tc, test_nacks);
  tcase_add_test (tc, test_nacks_in_a_session);
  tcase_add_test (tc, test_claims_in_a_session);
  tcase_add_test (tc, test_unreported_in_a_session);
  tcase_add_test (tc, test_sources);
  tcase_add_test (tc, test_own_ssrc);
  tcase_add_test (tc, test_private_item);
  tcase_add_test (tc, test_own_items);
  tcase_add_loop_test (tc, test_reports, 0, G_N_ELEMENTS (reports));
  return s;
}

CHECK_PROGRAM (vmtwcc)

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The numbers of transport-wide congestion control
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01), as an RTP session of
 * GStreamer 1.22 to 1.26 bears them: see webrtcbin.md#feedback. Pure: the
 * time is an argument. */

/* A number where it may be at an odd address. */
guint16 vm_twcc_read (const guint8 *data);

/* --- numbers that come: what the session reports in one feedback --- */

#define VM_RTCP_MTU 1400 /* bytes of one report of the session */
#define VM_TWCC_MS                                     \
  100 /* between reports of arrivals; browsers: 50-250 \
       */
/* Sizes are in sevenths of a byte: seven symbols of two bits are two bytes. */
#define VM_TWCC_BYTE 7
/* Of one packet that follows another: a delta of a byte, and a symbol. */
#define VM_TWCC_NEXT (7 + 2)
/* Besides, of a delta of two bytes: that, and two runs of equal symbols. */
#define VM_TWCC_LARGE (7 + 2 * 14)
/* Besides, of up to seven missing numbers, each; of more: seven symbols, and
 * twice (GStreamer writes them twice where a chunk begins) a chunk for every
 * 8,191. */
#define VM_TWCC_MISSING 2
#define VM_TWCC_MISSING_FEW 7
#define VM_TWCC_FILL 14
#define VM_TWCC_RUNS (2 * 14)
#define VM_TWCC_RUN_MAX 8191
/* Of one packet that comes late: two deltas of two bytes, a symbol, three runs,
 * and a gap that it divides. */
#define VM_TWCC_LATE (14 + 7 + 2 + 3 * 14 + VM_TWCC_FILL + VM_TWCC_RUNS)
/* Of the packet by which a report is made, at most. */
#define VM_TWCC_END \
  (VM_TWCC_NEXT + VM_TWCC_LARGE + VM_TWCC_FILL + 8 * VM_TWCC_RUNS)
/* A report without its headers, that packet, the first delta, the last chunk,
 * and four deltas that are longer than the time of the caller says. */
#define VM_TWCC_ROOM                                        \
  ((VM_RTCP_MTU - 12 - 8) * VM_TWCC_BYTE - VM_TWCC_END - 14 \
      - (1 + 4) * VM_TWCC_LARGE)
/* A delta of one byte is at most 63.75 ms. */
#define VM_TWCC_SOON (50 * GST_MSECOND)
/* Numbers behind the highest by more than this are not reported. */
#define VM_TWCC_LATE_MAX 64
/* From the lowest number of a report to its highest: where GStreamer takes the
 * greater of two for the earlier, less one; likewise, where 65,535 and 0 are
 * among them. */
#define VM_TWCC_SPAN 64999
#define VM_TWCC_SPAN_WRAPPED 534
/* A session has made a report in each of these times in which packets come. */
#define VM_TWCC_PERIOD ((VM_TWCC_MS + 10) * GST_MSECOND)

/* Of one session; zeros to begin with. The period that was, and that is: a
 * report is of no more than both. Numbers are counted on beyond 16 bits. */
typedef struct
{
  gboolean begun;
  guint64 highest;
  guint64 seen; /* bit i: highest - 1 - i has come */
  guint64 lowest[2]; /* of each period */
  guint size[2];
  GstClockTime last, latest, ends;
} VmTwccIn;

/* Whether the session may see @number, of a packet that comes at @now (running
 * time); it sees what @number is then. */
gboolean vm_twcc_in_take (VmTwccIn *self, guint16 *number, GstClockTime now);

/* --- numbers that this side sends: what feedback may say of them --- */

#define VM_TWCC_CLAIM_MAX 4096 /* numbers in one feedback: 5 ms */
#define VM_TWCC_OLD_US (10 * G_TIME_SPAN_SECOND)
/* Numbers in all feedback, for each that was sent. Browsers report again what
 * came between two that have changed places. */
#define VM_TWCC_CLAIMS 2
/* Numbers that the session keeps without feedback on them: half of all. */
#define VM_TWCC_UNREPORTED_MAX 32768
/* Times are kept of one number in so many µs. */
#define VM_TWCC_MARK_US (100 * G_TIME_SPAN_MILLISECOND)
#define VM_TWCC_MARKS 128

/* Of one session; zeros to begin with. */
typedef struct
{
  guint64 next; /* 0: nothing is sent yet */
  guint64 reported; /* the last number of the last feedback */
  guint credit;
  /* as the session counts, which takes numbers between two feedbacks for lost
   */
  gboolean begun;
  guint16 expected;
  guint8 expected_count;
  struct
  {
    guint64 number;
    gint64 time;
  } marks[VM_TWCC_MARKS];
  guint n_marks; /* in all */
} VmTwccOut;

/* @now: µs, monotonic. */
void vm_twcc_out_sent (VmTwccOut *self, guint16 number, gint64 now);
/* Whether the other side has reported of late, so that more may be sent. */
gboolean vm_twcc_out_is_reported (const VmTwccOut *self);
/* Whether the session may see a feedback: @fci is its part behind the SSRCs. It
 * counts as seen. */
gboolean
vm_twcc_out_check (VmTwccOut *self, const guint8 *fci, gsize size, gint64 now);

/* --- packets that the other side asks for again --- */

/* At once, and a second: each brings one of up to 1,400 bytes, and 4 bytes of a
 * generic NACK (RFC 4585 §6.2.1) name 17. */
#define VM_NACKS_BURST 1000
#define VM_NACKS_PER_SECOND 500

/* Of one session; zeros to begin with. */
typedef struct
{
  gdouble used;
  gint64 time;
} VmNacks;

/* Whether the session may see a NACK: @fci as of vm_twcc_out_check(). It counts
 * as seen. @now: µs, monotonic. */
gboolean
vm_nacks_take (VmNacks *self, const guint8 *fci, gsize size, gint64 now);

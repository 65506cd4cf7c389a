/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "rtp/vmtwcc.h"

#define NUMBERS 65536 /* of 16 bits */
#define HEAD_SIZE 8

guint16
vm_twcc_read (const guint8 *data)
{
  return data[0] << 8 | data[1];
}

/* --- numbers that come --- */

static guint
gap_size (guint missing)
{
  if (missing <= VM_TWCC_MISSING_FEW)
    return missing * VM_TWCC_MISSING;
  return VM_TWCC_FILL
         + (missing + VM_TWCC_RUN_MAX - 1) / VM_TWCC_RUN_MAX * VM_TWCC_RUNS;
}

static gboolean
has_come (const VmTwccIn *self, guint late)
{
  return late == 0 || late > VM_TWCC_LATE_MAX || (self->seen >> (late - 1) & 1);
}

static gboolean
is_sorted (const VmTwccIn *self, guint64 number)
{
  guint64 high = MAX (self->highest, number);
  guint64 low = MIN (MIN (self->lowest[0], self->lowest[1]), number);
  gboolean wrapped = high / NUMBERS != low / NUMBERS;

  return high - low <= (wrapped ? VM_TWCC_SPAN_WRAPPED : VM_TWCC_SPAN);
}

static void
add (VmTwccIn *self, guint64 number, guint size, GstClockTime now)
{
  guint64 step = number - self->highest;

  if (number < self->highest) {
    self->seen |= G_GUINT64_CONSTANT (1) << (self->highest - number - 1);
  } else {
    self->seen = step < 64 ? self->seen << step : 0;
    if (step >= 1 && step <= 64)
      self->seen |= G_GUINT64_CONSTANT (1) << (step - 1);
    self->highest = number;
  }
  self->lowest[1] = MIN (self->lowest[1], number);
  self->size[1] += size;
  self->last = now;
  self->latest = MAX (self->latest, now);
}

/* The session makes a report by the first packet, one that is not late, that
 * comes VM_TWCC_MS after that by which it made the last. */
static void
end_period (VmTwccIn *self)
{
  self->size[0] = self->size[1];
  self->size[1] = 0;
  self->lowest[0] = self->lowest[1];
  self->lowest[1] = G_MAXUINT64;
  self->ends = self->latest + VM_TWCC_PERIOD;
}

/* Once the session has seen no number for that long, the next is the last of a
 * report, and nothing is left. One that it would not sort rightly is shown as
 * the number after the highest; 65,535 is kept for that. */
static void
start_anew (VmTwccIn *self, guint64 full, guint16 *number, GstClockTime now)
{
  if (self->begun && !is_sorted (self, full))
    full = self->highest + 1;
  *number = full;
  self->begun = TRUE;
  self->highest = full;
  self->seen = 0;
  self->size[0] = self->size[1] = 0;
  self->lowest[0] = self->lowest[1] = G_MAXUINT64;
  self->last = now;
  self->latest = MAX (self->latest, now);
  self->ends = self->latest + VM_TWCC_PERIOD;
}

gboolean
vm_twcc_in_take (VmTwccIn *self, guint16 *number, GstClockTime now)
{
  gint step = (gint16) (guint16) (*number - (guint16) self->highest);
  guint64 full = self->highest + step;
  gboolean soon = now >= self->last && now - self->last <= VM_TWCC_SOON;
  guint size;

  if (!GST_CLOCK_TIME_IS_VALID (now))
    return FALSE;
  if (!self->begun) {
    start_anew (self, NUMBERS + *number, number, now);
    add (self, self->highest, VM_TWCC_NEXT, now);
    return TRUE;
  }
  if (step > 0 && now >= self->latest + VM_TWCC_PERIOD) {
    start_anew (self, full, number, now);
    return TRUE;
  }
  size = step < 0
             ? VM_TWCC_LATE
             : VM_TWCC_NEXT + gap_size (step - 1) + (soon ? 0 : VM_TWCC_LARGE);
  if ((step <= 0 && has_come (self, -step)) || !is_sorted (self, full)
      || *number == G_MAXUINT16
      || self->size[0] + self->size[1] + size > VM_TWCC_ROOM)
    return FALSE;
  add (self, full, size, now);
  if (step > 0 && now >= self->ends)
    end_period (self);
  return TRUE;
}

/* --- numbers that this side sends --- */

void
vm_twcc_out_sent (VmTwccOut *self, guint16 number, gint64 now)
{
  gint step = (gint16) (guint16) (number - (guint16) self->next);
  guint last = (self->n_marks + VM_TWCC_MARKS - 1) % VM_TWCC_MARKS;

  if (!self->next) {
    self->next = self->reported = NUMBERS + number;
    step = 0;
  }
  /* threads that send at once */
  if (step < 0)
    return;
  self->next += step + 1;
  self->credit = MIN (self->credit + (step + 1) * VM_TWCC_CLAIMS,
      VM_TWCC_CLAIM_MAX * VM_TWCC_CLAIMS);
  if (self->n_marks && now - self->marks[last].time < VM_TWCC_MARK_US)
    return;
  self->marks[self->n_marks % VM_TWCC_MARKS].number = self->next - 1;
  self->marks[self->n_marks % VM_TWCC_MARKS].time = now;
  self->n_marks++;
}

gboolean
vm_twcc_out_is_reported (const VmTwccOut *self)
{
  return self->next - self->reported <= VM_TWCC_UNREPORTED_MAX;
}

/* The first number that is not too old. */
static guint64
find_oldest (const VmTwccOut *self, gint64 now)
{
  guint n = MIN (self->n_marks, VM_TWCC_MARKS);
  guint64 oldest = self->next;

  for (guint i = 1; i <= n; i++) {
    guint at = (self->n_marks - i) % VM_TWCC_MARKS;

    if (now - self->marks[at].time > VM_TWCC_OLD_US)
      break;
    oldest = self->marks[at].number;
  }
  return oldest;
}

/* One chunk, of up to @left numbers. */
typedef struct
{
  guint n; /* numbers */
  guint received; /* how many of them up to the last that was; 0: none was */
  guint deltas; /* bytes */
} Chunk;

static Chunk
read_chunk (guint16 chunk, guint left)
{
  gboolean run = !(chunk & 0x8000);
  guint bits = chunk & 0x4000 ? 2 : 1;
  Chunk c = { MIN (left, run ? chunk & 0x1fffu : 14 / bits), 0, 0 };

  if (run) {
    guint symbol = chunk >> 13;

    c.received = symbol == 1 || symbol == 2 ? c.n : 0;
    c.deltas = c.received * symbol;
    return c;
  }
  for (guint i = 0; i < c.n; i++) {
    guint symbol = chunk >> (14 - bits * (i + 1)) & (bits == 2 ? 3 : 1);

    if (symbol != 1 && symbol != 2)
      continue;
    c.received = i + 1;
    c.deltas += symbol;
  }
  return c;
}

/* How many of its numbers there are up to the last that was received; 0: none
 * was, or chunks or deltas are missing. */
static guint
read_received (const guint8 *fci, gsize size, guint count)
{
  gsize at = HEAD_SIZE, deltas = 0;
  guint received = 0;

  for (guint n = 0; n < count; at += 2) {
    Chunk chunk;

    if (at + 2 > size)
      return 0;
    chunk = read_chunk (vm_twcc_read (fci + at), count - n);
    if (chunk.received)
      received = n + chunk.received;
    deltas += chunk.deltas;
    n += chunk.n;
  }
  return at + deltas <= size ? received : 0;
}

/* The session takes what is between two feedbacks that follow each other for
 * lost: that is claimed too. Of what is no such feedback it says nothing. */
static guint
count_lost (const VmTwccOut *self, guint16 base, guint8 count, gboolean *on)
{
  gint step = (gint8) (guint8) (count - self->expected_count);
  gboolean next = self->begun && step == 0;

  *on = !self->begun || step > 0 || (next && base >= self->expected);
  return next && *on ? base - self->expected : 0;
}

gboolean
vm_twcc_out_check (VmTwccOut *self, const guint8 *fci, gsize size, gint64 now)
{
  guint16 base, n;
  guint64 first;
  guint received, claims;
  gboolean on;

  if (size < HEAD_SIZE)
    return FALSE;
  base = vm_twcc_read (fci);
  n = vm_twcc_read (fci + 2);
  first = self->next - (guint16) ((guint16) self->next - base);
  claims = n + count_lost (self, base, fci[7], &on);
  if (!self->next || first < find_oldest (self, now) || first + n > self->next
      || claims > MIN (VM_TWCC_CLAIM_MAX, self->credit))
    return FALSE;
  /* The session forgets what was reported, and keeps feedback until it has
   * found in it what it sent. */
  received = read_received (fci, size, n);
  if (!received || first + received - 1 < self->reported)
    return FALSE;
  self->credit -= claims;
  self->reported = first + n - 1;
  if (on) {
    self->begun = TRUE;
    self->expected = base + n;
    self->expected_count = fci[7] + 1;
  }
  return TRUE;
}

gboolean
vm_nacks_take (VmNacks *self, const guint8 *fci, gsize size, gint64 now)
{
  gdouble over =
      (gdouble) (now - self->time) * VM_NACKS_PER_SECOND / G_TIME_SPAN_SECOND;
  guint n = 0;

  for (gsize i = 0; i + 4 <= size; i += 4)
    n += 1 + __builtin_popcount (vm_twcc_read (fci + i + 2));
  self->used = MAX (self->used - over, 0);
  self->time = now;
  if (self->used + n > VM_NACKS_BURST)
    return FALSE;
  self->used += n;
  return TRUE;
}

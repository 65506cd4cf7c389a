/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Rounds of each side, interleaved; the median is printed. */
#define BENCH_ROUNDS 5

gdouble bench_median (gdouble *values, guint n);
/* "bench NAME ours=… peer=… ratio=… unit=…" */
void
bench_print (const gchar *name, gdouble ours, gdouble peer, const gchar *unit);
/* The same for figures that are below one. */
void bench_print_precise (
    const gchar *name, gdouble ours, gdouble peer, const gchar *unit);
/* The time that is measured, or until something is asked again. */
void bench_wait (gint64 us);

#!/bin/sh
# Succeeds where the headers of CBLAS and LAPACKE can be included.
ls /usr/include/lapacke.h >/dev/null 2>&1 &&
  ls /usr/include/cblas.h /usr/include/*/cblas.h 2>/dev/null | grep -q .

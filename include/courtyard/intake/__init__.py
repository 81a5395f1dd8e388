"""The residents' service: a page behind each courtyard's QR code, and Open311 GeoReport v2. A process of its own.

It writes what comes in and reads it again, in the schema `intake` and as the role `courtyard_intake`; of cases it sees
what `intake.case_of` tells of one report. The pipeline fetches from it over HTTP like from any other source.
"""

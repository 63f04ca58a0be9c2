"""What happened when: functions as they began and ended, transfers of other masters, lines on UARTs, counters."""
